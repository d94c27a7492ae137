//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/labs"
)

// load loads the lab from the catalogue.
func load(t *testing.T) *lab.Source {
	t.Helper()
	src, err := lab.Catalogue{FS: labs.FS()}.Load(labName)
	must(t, err)
	return src
}

// solve does the lab as its solution "yaml" does, with the values that this
// environment has drawn, in the learner's workspace.
func (w *world) solve() {
	w.t.Helper()
	status, r := w.json("status")
	if r.code != 0 {
		w.t.Fatal(r)
	}
	env := status["environments"].([]any)[0].(map[string]any)
	resolved, problems := load(w.t).Resolve(uint64(env["seed"].(float64)))
	must(w.t, problems.Err())
	for _, file := range []string{"orders.yaml", "web.yaml"} {
		data, err := fs.ReadFile(labs.FS(), labName+"/verdicts/yaml/"+file)
		must(w.t, err)
		text, err := lab.Expand(string(data), resolved.Values)
		must(w.t, err)
		path := filepath.Join(env["workspace"].(string), file)
		must(w.t, os.WriteFile(path, []byte(text), 0o644))
		w.kubectl("apply", "-f", path)
	}
	for _, name := range []string{"web", "orders"} {
		w.kubectl("rollout", "status", "deployment/"+name, "--timeout=3m")
	}
}

// volumes is what a learner may add: a claim, and a Pod that writes into it.
const volumes = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mine}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: keeper}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: keeper
    image: labctl.dev/tools:v1
    command: [sh, -c, "sleep 100000"]
    volumeMounts: [{name: data, mountPath: /data}]
  volumes:
  - name: data
    persistentVolumeClaim: {claimName: mine}
`

// settle gives the learner objects of their own: a ConfigMap, a claim, a Pod
// with a note on the claim's volume.
func (w *world) settle() {
	w.t.Helper()
	w.kubectl("create", "configmap", "mine", "--from-literal=word=precious")
	r := w.beginWith(volumes, "kubectl", "apply", "-f", "-").wait()
	r.wants(w.t, 0)
	w.kubectl("wait", "--for=condition=Ready", "pod/keeper", "--timeout=3m")
	w.kubectl("exec", "keeper", "--", "sh", "-c", "echo precious > /data/note")
}

// wantSettled fails unless the learner's objects are all there.
func (w *world) wantSettled() {
	w.t.Helper()
	if word := w.kubectl("get", "configmap", "mine", "-o", "jsonpath={.data.word}"); word != "precious" {
		w.t.Errorf("the learner's ConfigMap says %q", word)
	}
	w.kubectl("wait", "--for=condition=Ready", "pod/keeper", "--timeout=3m")
	if note := w.kubectl("exec", "keeper", "--", "cat", "/data/note"); note != "precious" {
		w.t.Errorf("the note on the volume says %q", note)
	}
}

// work is all that a learner has made and that checks disturb, without what
// Kubernetes itself writes into it.
func (w *world) work() string {
	w.t.Helper()
	var all struct {
		Items []struct {
			Kind     string
			Metadata struct{ Name string }
			Spec     map[string]any
			Data     map[string]string
		}
	}
	text := w.kubectl("get", "deployments,services,configmaps,secrets,persistentvolumeclaims,nodes", "-o", "json")
	must(w.t, json.Unmarshal([]byte(text), &all))
	out, err := json.MarshalIndent(all.Items, "", " ")
	must(w.t, err)
	return string(out)
}

// wantWork fails unless the work comes back to what it was.
func (w *world) wantWork(before string) {
	w.t.Helper()
	eventually(w.t, mending, "the work is as it was", func() error {
		now := w.work()
		return errIf(now != before, "it was changed:\n%s", difference(before, now))
	})
}

// difference lists the lines that only one of two texts has.
func difference(before, now string) string {
	had, has := map[string]int{}, map[string]int{}
	for line := range strings.Lines(before) {
		had[line]++
	}
	var out strings.Builder
	for line := range strings.Lines(now) {
		if has[line]++; has[line] > had[line] {
			out.WriteString("+ " + line)
		}
	}
	for line := range strings.Lines(before) {
		if has[line]--; has[line] < 0 {
			out.WriteString("- " + line)
		}
	}
	return out.String()
}

// wantRunning waits until status says that all is well.
func (w *world) wantRunning(patience time.Duration) {
	w.t.Helper()
	eventually(w.t, patience, "the environment works", func() error {
		r := w.begin("status").wait()
		return errIf(r.code != 0 || !strings.Contains(r.out, "running") || strings.Contains(r.out, "health"), "%v", r)
	})
}

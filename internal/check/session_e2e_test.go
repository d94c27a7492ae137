//go:build e2e && linux

package check

import (
	"bytes"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// TestHelperGoesBetweenProbes has one runner whose helper pod is deleted, and then
// started again, between its probes.
func TestHelperGoesBetweenProbes(t *testing.T) {
	w := newWorld(t, shop)
	get := lab.Expect{HTTP: &lab.HTTPProbe{Service: "web", Count: 3}, That: "self.ok == 3"}
	post := lab.Expect{HTTP: &lab.HTTPProbe{Service: "web", Path: "/admin/unready?value=false", Method: "POST"}, That: "self.ok == 1"}
	r := w.runner(lab.Check{ID: "a", Expect: []lab.Expect{get, post, get}}, lab.Check{ID: "b", Expect: []lab.Expect{get}})
	pass := func(when string) {
		t.Helper()
		report, err := r.Run(t.Context(), Options{Explain: true})
		if err != nil || report.Verdict != Pass {
			t.Fatalf("%s: %v; %s %s", when, err, explain(report.Tasks[0].Checks[0]), explain(report.Tasks[0].Checks[1]))
		}
		if n := w.sessions(); n != 1 {
			t.Errorf("%s: %d sessions in the pod", when, n)
		}
	}
	pass("at first")
	if err := w.client.Typed.CoreV1().Pods(ProberNamespace).Delete(t.Context(), w.helper(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	pass("after the pod was deleted")
	if _, err := w.inHelper("/bin/kill", "1"); err != nil {
		t.Fatal(err)
	}
	w.restarted(w.helper())
	pass("after its container was started again")
	r.Close()
	if n := w.sessions(); n != 0 {
		t.Errorf("%d sessions are left in the pod", n)
	}
}

// helper is the name of the helper pod.
func (w *world) helper() string {
	w.Helper()
	name, err := prober.Ensure(w.Context(), w.client)
	if err != nil {
		w.Fatal(err)
	}
	return name
}

// restarted waits until the API server knows of the helper's next container.
func (w *world) restarted(name string) {
	w.Helper()
	for {
		pod, err := w.client.Typed.CoreV1().Pods(ProberNamespace).Get(w.Context(), name, metav1.GetOptions{})
		if err != nil {
			w.Fatal(err)
		}
		if s := pod.Status.ContainerStatuses[0]; s.RestartCount > 0 && s.Ready || !sleep(w.Context(), 50*time.Millisecond) {
			return
		}
	}
}

func (w *world) inHelper(argv ...string) (string, error) {
	var out bytes.Buffer
	_, err := w.client.Exec(w.Context(), kube.Command{
		Namespace: ProberNamespace, Pod: w.helper(), Container: "prober", Argv: argv, Stdout: &out,
	})
	return out.String(), err
}

// sessions counts those that run in the helper pod.
func (w *world) sessions() (n int) {
	w.Helper()
	for begun := time.Now(); ; {
		out, err := w.inHelper("/bin/ps")
		if err == nil {
			return strings.Count(out, "labapp session")
		}
		if time.Since(begun) > 10*time.Second || !sleep(w.Context(), 100*time.Millisecond) {
			w.Fatal(err)
		}
	}
}

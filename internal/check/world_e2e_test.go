//go:build e2e && linux

package check

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/apply/manifest"
	"labctl.dev/labctl/internal/engine/embedded/embeddedtest"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/ledger"
)

// world is a namespace of a real cluster that one test has for itself.
type world struct {
	*testing.T

	client    *kube.Client
	namespace string
	ledger    *ledger.Ledger
}

// shop is what most tests begin with: two pods of a web service, well behaved.
const shop = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: labctl.dev/web:v1
        env: [{name: A, value: "1"}]
        readinessProbe: {httpGet: {path: /readyz, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {greeting: hello}
`

func newWorld(t *testing.T, objects string) *world {
	t.Helper()
	client := embeddedtest.Client(t)
	made, err := client.Typed.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "check-"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Typed.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{}) // it may be gone by design
	})
	w := &world{T: t, client: client, namespace: made.Name, ledger: ledger.At(filepath.Join(t.TempDir(), "ledger"))}
	w.apply(objects)
	return w
}

// apply does what a learner does with kubectl apply --server-side, and waits
// until all is ready.
func (w *world) apply(text string) {
	w.Helper()
	objects := w.applyOnly(text)
	ctx, cancel := context.WithTimeout(w.Context(), 90*time.Second)
	defer cancel()
	if err := manifest.WaitReady(ctx, w.client, w.namespace, objects); err != nil {
		w.Fatal(err)
	}
}

func (w *world) applyOnly(text string) []unstructured.Unstructured {
	w.Helper()
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		w.Fatal(err)
	}
	if err := manifest.Apply(w.Context(), w.client, w.namespace, objects); err != nil {
		w.Fatal(err)
	}
	return objects
}

func (w *world) runner(checks ...lab.Check) *Runner {
	w.Helper()
	for i := range checks {
		if checks[i].Isolation == "" && len(checks[i].While)+len(checks[i].When) > 0 {
			checks[i].Isolation = lab.Exclusive
		}
		checks[i].Points = 1
	}
	l := &lab.Lab{Name: "test", Namespace: w.namespace, Tasks: []lab.Task{{ID: "t", Checks: checks}}}
	r, err := New(Target{
		Lab:    &lab.Resolved{Lab: l, Values: lab.Values{Namespace: w.namespace}},
		Client: w.client, Ledger: w.ledger, Lock: filepath.Join(w.TempDir(), "lock"),
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(r.Close)
	return r
}

// run runs one check, and shows its trace if the test fails.
func (w *world) run(c lab.Check) Result {
	w.Helper()
	c.ID = "c"
	report, err := w.runner(c).Run(w.Context(), Options{Explain: true})
	if err != nil {
		w.Fatal(err)
	}
	result := report.Tasks[0].Checks[0]
	w.Cleanup(func() {
		if w.Failed() {
			w.Log(explain(result))
		}
	})
	return result
}

func explain(r Result) string {
	var b strings.Builder
	b.WriteString(strings.Join([]string{string(r.Verdict), r.Code, r.Message, r.Expected, r.Observed}, " | ") + "\n")
	for _, s := range r.Trace {
		b.WriteString("  " + s.At.Round(time.Millisecond).String() + " " + s.What + ": " + s.Result + "\n")
	}
	return b.String()
}

func deployment(that string) lab.Expect {
	return lab.Expect{Kubernetes: &lab.KubernetesProbe{Kind: "Deployment", Name: "web"}, That: that}
}

func within(d time.Duration, x lab.Expect) lab.Expect {
	x.Within = lab.Duration(d)
	return x
}

// scaled waits until a deployment is asked to have so many replicas.
func (w *world) scaled(name string, replicas int32) {
	for w.Context().Err() == nil {
		d, err := w.client.Typed.AppsV1().Deployments(w.namespace).Get(w.Context(), name, metav1.GetOptions{})
		if err == nil && *d.Spec.Replicas == replicas || !sleep(w.Context(), 50*time.Millisecond) {
			return
		}
	}
}

// counted waits until quotas are in force, which they are once they have counted.
func (w *world) counted() {
	for w.Context().Err() == nil {
		quotas, err := w.client.Typed.CoreV1().ResourceQuotas(w.namespace).List(w.Context(), metav1.ListOptions{})
		waits := func(q corev1.ResourceQuota) bool { return len(q.Status.Hard) == 0 }
		if err == nil && !slices.ContainsFunc(quotas.Items, waits) || !sleep(w.Context(), 50*time.Millisecond) {
			return
		}
	}
}

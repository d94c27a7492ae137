//go:build e2e && linux

package diagnose

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"labctl.dev/labctl/internal/engine/embedded/embeddedtest"
	"labctl.dev/labctl/internal/kube"
)

// namespace makes one that the test has for itself.
func namespace(t testing.TB, client *kube.Client, labels map[string]string) string {
	t.Helper()
	namespaces := client.Typed.CoreV1().Namespaces()
	made, err := namespaces.Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "diagnose-", Labels: labels},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		now := int64(0)
		_ = client.Typed.CoreV1().Pods(made.Name).DeleteCollection(context.Background(), metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
		if err := namespaces.Delete(context.Background(), made.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	await(t, "the default service account", func(ctx context.Context) bool {
		_, err := client.Typed.CoreV1().ServiceAccounts(made.Name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil
	})
	return made.Name
}

// create makes the objects in the namespace.
func create(t testing.TB, client *kube.Client, namespace string, objects ...runtime.Object) {
	t.Helper()
	for _, object := range objects {
		kinds, _, err := scheme.Scheme.ObjectKinds(object)
		if err != nil {
			t.Fatal(err)
		}
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			t.Fatal(err)
		}
		u := &unstructured.Unstructured{Object: content}
		u.SetGroupVersionKind(kinds[0])
		delete(u.Object, "status")
		mapping, err := client.Mapping(kinds[0].Kind, kinds[0].GroupVersion().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Resource(mapping, namespace).Create(t.Context(), u, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// await polls until it is so.
func await(t testing.TB, what string, so func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !so(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not so after 90 s", what)
		case <-tick.C:
		}
	}
}

// web is a Deployment of one pod of the web image, healthy until changed.
func web(change ...func(*corev1.Pod)) *appsv1.Deployment {
	p := &corev1.Pod{}
	p.Spec.Containers = []corev1.Container{{
		Name: "web", Image: "labctl.dev/web:v1",
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
	}}
	grace := int64(0)
	p.Spec.TerminationGracePeriodSeconds = &grace
	for _, c := range change {
		c(p)
	}
	labels := map[string]string{"app": "web"}
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"}}
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	d.Spec.Template = corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: p.Spec}
	return d
}

// front is a Service before it.
func front(change ...func(*corev1.Service)) *corev1.Service {
	s := service(change...)
	s.ObjectMeta = metav1.ObjectMeta{Name: s.Name}
	return s
}

func env(name, value string) func(*corev1.Pod) {
	return with(func(c *corev1.Container) { c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value}) })
}

// ask is a question to the Diagnoser about a namespace.
type ask func(ctx context.Context, d *Diagnoser, namespace string) []Cause

func object(kind, name string) ask {
	return func(ctx context.Context, d *Diagnoser, namespace string) []Cause {
		return d.Object(ctx, kind, "", namespace, name)
	}
}

// reproduced is a cause brought about on the cluster.
type reproduced struct {
	name    string
	labels  map[string]string // of the namespace
	objects []runtime.Object
	ask     ask // about Deployment web if left out
	codes   string
	texts   []string
}

// reproduce brings the causes about, side by side, and waits until they are told.
func reproduce(t *testing.T, tests []reproduced) {
	client := embeddedtest.Client(t)
	d := New(client)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			where := namespace(t, client, test.labels)
			create(t, client, where, test.objects...)
			if test.ask == nil {
				test.ask = object("Deployment", "web")
			}
			var chain []Cause
			var took time.Duration
			defer func() { t.Logf("in %s:\n%s", took.Round(time.Millisecond), texts(chain)) }()
			await(t, "codes "+test.codes, func(ctx context.Context) bool {
				start := time.Now()
				chain = test.ask(ctx, d, where)
				took = time.Since(start)
				return codes(chain) == test.codes && !slices.ContainsFunc(test.texts, func(text string) bool {
					return !strings.Contains(texts(chain), text)
				})
			})
		})
	}
}

package snapshot

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"labctl.dev/labctl/internal/kube"
)

// api serves these answers by path, and empty lists otherwise.
func api(t *testing.T, answers map[string]string) *kube.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		switch {
		case answer == "refuse":
			w.WriteHeader(http.StatusForbidden)
		case ok:
			_, _ = w.Write([]byte(answer))
		default:
			_, _ = w.Write([]byte(`{"items":[]}`))
		}
	}))
	t.Cleanup(server.Close)
	client, err := kube.FromConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestTake(t *testing.T) {
	client := api(t, map[string]string{
		"/api/v1/pods": `{"items":[{"metadata":{"name":"a","namespace":"demo","labels":{"app":"web"}},
			"spec":{"containers":[{"name":"web","resources":{"requests":{"cpu":"250m"}}}]}},{"metadata":{"name":"b","namespace":"other","labels":{"app":"web"}}}]}`,
		"/api/v1/namespaces/demo/secrets":           `{"items":[{"metadata":{"name":"api"},"data":{"token":"c2VjcmV0","user":"bWU="}}]}`,
		"/apis/apps/v1/namespaces/demo/deployments": `{"items":[{"metadata":{"name":"web"},"spec":{"replicas":3}}]}`,
		"/api/v1/namespaces/demo/services":          `{"items":[{"metadata":{"name":"web"},"spec":{"ports":[{"port":80,"targetPort":"http"}]}}]}`,
	})
	s, err := Take(t.Context(), client, "demo")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Selected(map[string]string{"app": "web"}); len(got) != 1 || got[0].Spec.Containers[0].Resources.Requests.Cpu().MilliValue() != 250 {
		t.Errorf("selected pods: %+v", got)
	}
	if s.Selected(nil) != nil {
		t.Error("no labels select pods")
	}
	if d := Named(s.Deployments, "web"); d == nil || *d.Spec.Replicas != 3 {
		t.Errorf("deployment %+v", d)
	}
	if Named(s.Deployments, "wbe") != nil {
		t.Error("a Deployment that is not there is found")
	}
	if port := s.Services[0].Spec.Ports[0]; port.TargetPort.StrVal != "http" {
		t.Errorf("port %+v", port)
	}
	keys := s.Secrets[0].Keys()
	slices.Sort(keys)
	if want := []string{"token", "user"}; !reflect.DeepEqual(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
}

func TestHalfASnapshotIsNone(t *testing.T) {
	client := api(t, map[string]string{"/api/v1/namespaces/demo/secrets": "refuse"})
	if s, err := Take(t.Context(), client, "demo"); err == nil || !strings.Contains(err.Error(), "list secrets") {
		t.Errorf("Take = %v, %v", s, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if _, err := Take(ctx, api(t, nil), "demo"); err == nil {
		t.Error("Take outlives its context")
	}
}

func TestFetch(t *testing.T) {
	known, gone := LogRef{Pod: "a", Container: "web", Previous: true}, LogRef{Pod: "b", Container: "web"}
	answers := map[string]string{
		"/api/v1/namespaces/demo/pods/a/log":              "boom\n",
		"/api/v1/namespaces/demo/pods/b/log":              "refuse",
		"/apis/rbac.authorization.k8s.io/v1/clusterroles": "refuse",
	}
	s := &Snapshot{Namespace: "demo"}
	for _, ref := range []LogRef{known, gone} {
		if s.Log(ref) != "" {
			t.Error("a log is known before it is fetched")
		}
	}
	s.Access()
	client := api(t, answers)
	s.Fetch(t.Context(), client, s.TakeWants())
	if s.Log(known) != "boom\n" || s.Log(gone) != "" {
		t.Errorf("logs %v", s.Logs)
	}
	if !s.TakeWants().Empty() {
		t.Error("a log that cannot be read is wanted again")
	}
	if s.Access() != nil {
		t.Error("half of the rights are taken for all")
	}
	delete(answers, "/apis/rbac.authorization.k8s.io/v1/clusterroles")
	s.Fetch(t.Context(), client, s.TakeWants())
	if s.Access() == nil {
		t.Error("the rights are not known")
	}
}

package probe

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"

	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/labapp/request"
)

func TestAddress(t *testing.T) {
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "metrics", Port: 9}, {Name: "http", Port: 80}}},
	}
	bare := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "bare"}}
	env := &Env{Client: kube.FromParts(fake.NewClientset(service, bare), nil, nil), Namespace: "shop"}
	tests := map[string]struct{ service, port, path, want string }{
		"its port for http":    {"web", "", "", "http://web.shop.svc.cluster.local:80/"},
		"a port by name":       {"web", "metrics", "/m", "http://web.shop.svc.cluster.local:9/m"},
		"a port by number":     {"web", "8080", "x?y=z", "http://web.shop.svc.cluster.local:8080/x?y=z"},
		"another namespace":    {"bare.other", "1", "/", "http://bare.other.svc.cluster.local:1/"},
		"no such service":      {"none", "", "", ""},
		"no such port":         {"web", "grpc", "", ""},
		"a service without":    {"bare.other", "", "", ""},
		"in another namespace": {"bare", "", "", ""},
	}
	for name, tt := range tests {
		got, err := Address(t.Context(), env, tt.service, tt.port, tt.path)
		var none *NoAddressError
		if got != tt.want || (tt.want == "") != errors.As(err, &none) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestHTTPResult(t *testing.T) {
	h := &httpProbe{env: &Env{Namespace: "shop"}, spec: lab.HTTPProbe{Service: "web"}}
	good := request.Response{Status: 200, Headers: map[string]string{"X-Pod": "a"}, Body: `{"n": 1}`}
	refused := request.Response{Error: "connection refused", ErrorKind: "refused"}
	slow := request.Response{Error: "deadline", ErrorKind: "timeout"}

	o := h.observe([]request.Response{refused, good})
	self := o.Self.(map[string]any)
	if self["ok"] != int64(1) || self["failed"] != int64(1) || self["status"] != int64(200) || self["error"] != "connection refused" {
		t.Errorf("self %v", self)
	}
	first := self["responses"].([]any)[0].(map[string]any)
	if first["status"] != int64(0) || len(first["headers"].(map[string]any)) != 0 {
		t.Errorf("a failed request: %v", first)
	}
	if self["headers"].(map[string]any)["x-pod"] != "a" || self["json"].(map[string]any)["n"] != int64(1) {
		t.Errorf("the last answer: %v", self)
	}
	for name, tt := range map[string]struct {
		responses []request.Response
		behaviour bool
	}{
		"answered": {[]request.Response{refused, good}, true},
		"refused":  {[]request.Response{refused}, false},
		"slow":     {[]request.Response{slow}, true},
	} {
		if o := h.observe(tt.responses); o.Behaviour != tt.behaviour {
			t.Errorf("%s: behaviour %v", name, o.Behaviour)
		}
	}
}

// TestOnlyHarmlessRequestsAreRepeated has the helper pod break down in the
// middle of each.
func TestOnlyHarmlessRequestsAreRepeated(t *testing.T) {
	dots := "4"
	pod := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "prober-1"},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "prober", Image: prober.Image}},
			DNSConfig:  &corev1.PodDNSConfig{Options: []corev1.PodDNSConfigOption{{Name: "ndots", Value: &dots}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{Ready: true}}},
	}
	var sent atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/exec") {
			sent.Add(1)
			http.Error(w, "the container is gone", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, Items: []corev1.Pod{pod}})
	}))
	t.Cleanup(server.Close)
	client, err := kube.FromConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	for method, want := range map[string]int32{"": 2, "get": 2, "HEAD": 2, "POST": 1, "DELETE": 1} {
		sent.Store(0)
		h := &httpProbe{env: &Env{Client: client, Prober: prober.New(client)}, spec: lab.HTTPProbe{URL: "http://shop/", Method: method}}
		if _, err := h.Look(t.Context()); err == nil || sent.Load() != want {
			t.Errorf("%s was sent %d times, want %d; error %v", method, sent.Load(), want, err)
		}
	}
}

func TestHTTPArguments(t *testing.T) {
	h := &httpProbe{spec: lab.HTTPProbe{Method: "POST", Body: "x", Headers: map[string]string{"host": "shop", "A": "1"}}}
	got := h.argv("http://web/", 3, 2e9)
	want := "http --count 3 --timeout 2s --method POST --header A: 1 --host shop --body x http://web/"
	if strings.Join(got, " ") != want || !slices.Contains(got, "A: 1") {
		t.Errorf("%q", got)
	}
}

package diagnose

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"labctl.dev/labctl/internal/kube"
)

// diagnoser asks an API that answers like this.
func diagnoser(t *testing.T, handler http.HandlerFunc) *Diagnoser {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := kube.FromConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return New(client)
}

// TestTrouble expects no explanation of anything from an API that is in trouble
// itself: what cannot be read must not be called missing.
func TestTrouble(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"errors":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"forbids":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"nonsense": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
	}
	for name, handler := range tests {
		t.Run(name, func(t *testing.T) {
			d, ctx := diagnoser(t, handler), t.Context()
			for question, chain := range map[string][]Cause{
				"Object":   d.Object(ctx, "Deployment", "apps/v1", "demo", "web"),
				"Absent":   d.Absent(ctx, "Deployment", "apps/v1", "demo", "web"),
				"Selector": d.Selector(ctx, "Pod", "v1", "demo", "app=web"),
				"Request":  d.Request(ctx, Request{Namespace: "demo", Service: "web", ErrorKind: "refused"}),
				"Refusal":  d.Refusal(ctx, "demo", errors.New("exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1")),
			} {
				if chain != nil {
					t.Errorf("%s tells:\n%s", question, texts(chain))
				}
			}
		})
	}
}

// TestServiceOfAnotherNamespace asks for a Service as a URL names it.
func TestServiceOfAnotherNamespace(t *testing.T) {
	d := diagnoser(t, func(w http.ResponseWriter, r *http.Request) {
		answer := `{"items":[]}`
		switch {
		case r.URL.Path == "/api/v1/namespaces":
			answer = `{"items":[{"metadata":{"name":"shop"}}]}`
		case strings.HasPrefix(r.URL.Path, "/api/v1/namespaces/shop/services"):
			answer = `{"items":[{"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}}]}`
		}
		_, _ = w.Write([]byte(answer))
	})
	chain := d.Request(t.Context(), Request{Namespace: "demo", Service: "web.shop.svc", ErrorKind: "refused"})
	if codes(chain) != "NoEndpoints SelectorMismatch" || !strings.Contains(texts(chain), "nothing in namespace shop") {
		t.Errorf("told:\n%s", texts(chain))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if chain := d.Request(ctx, Request{Namespace: "shop", Service: "web"}); chain != nil {
		t.Errorf("told after the end:\n%s", texts(chain))
	}
}

package stimulus_test

import (
	"errors"
	"net/http"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"labctl.dev/labctl/internal/check/stimulus"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// fixed is a mapper that knows a few kinds and learns no more.
type fixed struct{ *meta.DefaultRESTMapper }

func (fixed) Reset() {}

// refusing is an environment with a ConfigMap and a Deployment whose API answers
// every change with this error.
func refusing(answer error) *stimulus.Env {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, meta.RESTScopeNamespace)
	mapper.Add(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, meta.RESTScopeNamespace)
	object := func(apiVersion, kind string) runtime.Object {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"namespace": "shop", "name": "web"},
		}}
	}
	lists := map[schema.GroupVersionResource]string{{Version: "v1", Resource: "configmaps"}: "ConfigMapList"}
	dynamic := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists,
		object("v1", "ConfigMap"), object("apps/v1", "Deployment"))
	for _, verb := range []string{"patch", "update", "delete"} {
		dynamic.PrependReactor(verb, "*", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, answer })
	}
	return &stimulus.Env{Client: kube.FromParts(fake.NewClientset(), dynamic, fixed{mapper}), Namespace: "shop"}
}

func TestRefusalsAreTheLearners(t *testing.T) {
	config := func(name string) lab.Stimulus {
		return lab.Stimulus{Apply: &lab.ApplyStimulus{Objects: []map[string]any{
			{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name}, "data": map[string]any{"a": "b"}},
		}}}
	}
	scale := lab.Stimulus{Scale: &lab.ScaleStimulus{Of: "deployment/web", Replicas: 9}}
	remove := lab.Stimulus{Delete: &lab.DeleteStimulus{Kind: "ConfigMap", Name: "web"}}

	invalid := apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, "web", nil)
	quota := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "web", errors.New("exceeded quota: small"))
	webhook := &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusBadRequest, Message: `admission webhook "guard.example.com" denied the request: no`,
	}}
	unreachable := apierrors.NewInternalError(errors.New(`failed calling webhook "guard.example.com": connection refused`))
	tests := map[string]struct {
		spec    lab.Stimulus
		answer  error
		refused bool
	}{
		"an immutable object":        {config("web"), invalid, true},
		"the lab's invalid object":   {config("new"), invalid, false},
		"a quota on new objects":     {config("new"), quota, true},
		"an immutable field":         {scale, invalid, true},
		"a quota":                    {scale, quota, true},
		"a webhook":                  {remove, webhook, true},
		"a webhook without a server": {remove, unreachable, true},
		"a server in trouble":        {scale, apierrors.NewInternalError(errors.New("etcd")), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			st, err := stimulus.Of(refusing(tt.answer), tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = st.Plan(t.Context()); err == nil {
				err = st.Do(t.Context())
			}
			var f *stimulus.Failure
			if errors.As(err, &f) != tt.refused || tt.refused && (f.Code != stimulus.Refused || f.Refusal == nil) {
				t.Errorf("came to %#v", err)
			}
			if err == nil {
				t.Error("it was done")
			}
		})
	}
}

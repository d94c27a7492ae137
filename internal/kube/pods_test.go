package kube_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"

	"labctl.dev/labctl/internal/kube"
)

// fixed is a mapper that knows a few kinds and learns no more.
type fixed struct{ *meta.DefaultRESTMapper }

func (fixed) Reset() {}

// cluster has a workload of each kind, whose UID is its kind in small letters.
func cluster(pods ...runtime.Object) *kube.Client {
	mapper := meta.NewDefaultRESTMapper(nil)
	lists := map[schema.GroupVersionResource]string{}
	var objects []runtime.Object
	add := func(group, kind, owner string, spec map[string]any) {
		gvk := schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind}
		mapper.Add(gvk, meta.RESTScopeNamespace)
		plural, _ := meta.UnsafeGuessKindToResource(gvk)
		lists[plural] = kind + "List"
		metadata := map[string]any{"namespace": "shop", "name": "web", "uid": strings.ToLower(kind)}
		if owner != "" {
			metadata["ownerReferences"] = []any{map[string]any{"uid": owner, "controller": true}}
		}
		objects = append(objects, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": gvk.GroupVersion().String(), "kind": kind, "metadata": metadata, "spec": spec,
		}})
	}
	add("", "Pod", "", nil)
	add("", "Service", "", map[string]any{"selector": map[string]any{"app": "web"}})
	add("apps", "Deployment", "", nil)
	add("apps", "ReplicaSet", "deployment", nil)
	add("apps", "StatefulSet", "", nil)
	add("batch", "CronJob", "", nil)
	add("batch", "Job", "cronjob", nil)
	dynamic := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists, objects...)
	return kube.FromParts(fake.NewClientset(pods...), dynamic, fixed{mapper})
}

func TestPodsThatAreOver(t *testing.T) {
	pod := func(owner string, phase corev1.PodPhase) *corev1.Pod {
		yes := true
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "shop", Name: owner + "-" + strings.ToLower(string(phase)), Labels: map[string]string{"app": "web"},
				OwnerReferences: []metav1.OwnerReference{{UID: types.UID(owner), Controller: &yes}},
			},
			Status: corev1.PodStatus{Phase: phase},
		}
	}
	var pods []runtime.Object
	for _, owner := range []string{"replicaset", "statefulset", "job"} {
		pods = append(pods, pod(owner, corev1.PodRunning), pod(owner, corev1.PodFailed), pod(owner, corev1.PodSucceeded))
	}
	client := cluster(pods...)
	tests := map[string]string{
		"deployment/web":  "replicaset-running",
		"statefulset/web": "statefulset-running",
		"service/web":     "job-running replicaset-running statefulset-running",
		"job/web":         "job-failed job-running job-succeeded",
		"cronjob/web":     "job-failed job-running job-succeeded",
	}
	for of, want := range tests {
		found, err := client.PodsOf(t.Context(), "shop", of)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range found {
			names = append(names, p.Name)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("the pods of %s are %s, want %s", of, got, want)
		}
	}
}

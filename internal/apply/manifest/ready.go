package manifest

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/kube"
)

// AnnotationWait set to "false" on a workload says that it starts out broken,
// or takes longer than a start should: WaitReady does not wait for it.
const AnnotationWait = "labctl.dev/wait"

// WaitReady waits until every workload among the objects is ready. The error of
// a deadline names those that are not and how far they are.
func WaitReady(ctx context.Context, client *kube.Client, namespace string, objects []unstructured.Unstructured) error {
	waiting := workloads(objects)
	var missing []string
	err := wait.PollUntilContextCancel(ctx, 30*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		missing = missing[:0]
		for _, o := range waiting {
			if ok, how := ready(ctx, client, namespace, o); !ok {
				missing = append(missing, fmt.Sprintf("%s %s (%s)", o.GetKind(), o.GetName(), how))
			}
		}
		return len(missing) == 0, nil
	})
	if err != nil && len(missing) > 0 {
		return fmt.Errorf("not ready: %s: %w", strings.Join(missing, ", "), err)
	}
	return err
}

func workloads(objects []unstructured.Unstructured) []unstructured.Unstructured {
	var found []unstructured.Unstructured
	for _, o := range objects {
		if o.GetAnnotations()[AnnotationWait] == "false" {
			continue
		}
		switch o.GetKind() {
		case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Job":
			found = append(found, o)
		}
	}
	return found
}

// ready looks at one workload. An error of the API server is "not yet": the
// caller has a deadline.
func ready(ctx context.Context, client *kube.Client, namespace string, o unstructured.Unstructured) (bool, string) {
	if o.GetNamespace() != "" {
		namespace = o.GetNamespace()
	}
	now, err := client.Get(ctx, o.GetKind(), o.GetAPIVersion(), namespace, o.GetName())
	if err != nil {
		return false, err.Error()
	}
	if observed, found := number(now, "status", "observedGeneration"); found && observed < now.GetGeneration() {
		return false, "not yet looked at by its controller"
	}
	switch o.GetKind() {
	case "Pod":
		return podReady(now)
	case "Job":
		succeeded, _ := number(now, "status", "succeeded")
		return succeeded > 0, fmt.Sprintf("%d completions", succeeded)
	case "DaemonSet":
		want, _ := number(now, "status", "desiredNumberScheduled")
		have, _ := number(now, "status", "numberReady")
		return want > 0 && have >= want, fmt.Sprintf("%d of %d pods ready", have, want)
	default:
		want, found := number(now, "spec", "replicas")
		if !found {
			want = 1
		}
		have, _ := number(now, "status", "readyReplicas")
		return have >= want, fmt.Sprintf("%d of %d pods ready", have, want)
	}
}

func podReady(pod *unstructured.Unstructured) (bool, string) {
	conditions, _, _ := unstructured.NestedSlice(pod.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == string(corev1.PodReady) && c["status"] == "True" {
			return true, ""
		}
	}
	phase, _, _ := unstructured.NestedString(pod.Object, "status", "phase")
	return phase == string(corev1.PodSucceeded), phase
}

func number(o *unstructured.Unstructured, path ...string) (int64, bool) {
	n, found, err := unstructured.NestedInt64(o.Object, path...)
	return n, found && err == nil
}

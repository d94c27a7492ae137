package probe

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/kube"
)

// podsOf returns the pods of an owner, and the start of an observation
// about them. Not found is an observation, not an error.
func podsOf(ctx context.Context, env *Env, namespace, of string) ([]corev1.Pod, Observation, error) {
	namespace = env.namespace(namespace)
	o := Observation{Found: true, Behaviour: true, About: About{
		Subject: progress.Subject{Kind: "Pod", Of: of, Found: true}, Namespace: namespace,
	}}
	pods, err := env.Client.PodsOf(ctx, namespace, of)
	if apierrors.IsNotFound(err) {
		kind, name := kube.SplitOf(of)
		o.miss("there is no %s %s", kind, name)
		return nil, o, nil
	}
	if err != nil {
		return nil, o, fmt.Errorf("find the pods of %s: %w", of, err)
	}
	return pods, o, nil
}

// miss makes an observation one of something that is not there.
func (o *Observation) miss(format string, args ...any) {
	o.Found, o.Behaviour = false, false
	o.Missing = fmt.Sprintf(format, args...)
	o.Summary = o.Missing
}

// running keeps the pods in which the container (the first, if not named) runs.
func running(pods []corev1.Pod, container string) []corev1.Pod {
	var kept []corev1.Pod
	for _, p := range pods {
		name, ok := containerOf(&p, container)
		runs := slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
			return c.Name == name && c.State.Running != nil
		})
		if ok && runs && p.DeletionTimestamp == nil {
			kept = append(kept, p)
		}
	}
	return kept
}

func containerOf(pod *corev1.Pod, name string) (string, bool) {
	for _, c := range pod.Spec.Containers {
		if name == "" || c.Name == name {
			return c.Name, true
		}
	}
	return "", false
}

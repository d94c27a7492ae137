package prober

import (
	"cmp"
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/kube"
)

// sound tells whether a Deployment can still bring forth our pod.
func sound(d *appsv1.Deployment) bool {
	return d.Spec.Replicas != nil && *d.Spec.Replicas > 0 && !d.Spec.Paused && d.DeletionTimestamp == nil &&
		d.Spec.Template.Labels[label] == version && genuine(&d.Spec.Template.Spec)
}

// genuine tells whether a pod asks the cluster as any other would: not with names
// of its own (hostAliases), or another program. A mark on the pod would prove
// nothing, as whoever changes the one can copy the other.
func genuine(have *corev1.PodSpec) bool {
	want := deployment().Spec.Template.Spec
	return equality.Semantic.DeepEqual(essence(have), essence(&want))
}

// essence is the part of a pod that bears on what it sees. The rest is for
// servers and admission to fill in.
func essence(s *corev1.PodSpec) corev1.PodSpec {
	e := corev1.PodSpec{
		HostAliases: s.HostAliases, DNSConfig: s.DNSConfig, DNSPolicy: cmp.Or(s.DNSPolicy, corev1.DNSClusterFirst),
		HostNetwork: s.HostNetwork, Hostname: s.Hostname, Subdomain: s.Subdomain, RuntimeClassName: s.RuntimeClassName,
		Volumes: s.Volumes, InitContainers: s.InitContainers, EphemeralContainers: s.EphemeralContainers,
	}
	for i := range s.Containers {
		c := &s.Containers[i]
		e.Containers = append(e.Containers, corev1.Container{
			Name: c.Name, Image: c.Image, Command: c.Command, Args: c.Args, WorkingDir: c.WorkingDir,
			Env: c.Env, EnvFrom: c.EnvFrom, VolumeMounts: c.VolumeMounts, VolumeDevices: c.VolumeDevices, Lifecycle: c.Lifecycle,
		})
	}
	return e
}

// expel deletes the pods that pass for ours and are not: the Deployment would take
// them for its own, and make no other.
func expel(ctx context.Context, client *kube.Client) error {
	pods, err := list(ctx, client)
	if err != nil {
		return err
	}
	for i := range pods {
		p := &pods[i]
		if p.DeletionTimestamp != nil || genuine(&p.Spec) {
			continue
		}
		err := client.Typed.CoreV1().Pods(Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &p.UID}})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return fmt.Errorf("remove the changed pod %s: %w", p.Name, err)
		}
	}
	return nil
}

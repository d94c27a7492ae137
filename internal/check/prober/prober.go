// Package prober keeps the helper pod from inside which checks look at a
// cluster: it sends requests and makes load as any other pod would.
package prober

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/kube"
)

// Where the helper pod lives, and what it runs.
const (
	Namespace = "labctl-system"
	Image     = "labctl.dev/prober:1"
	// Binary is labapp inside the image.
	Binary = "/bin/labapp"

	name    = "prober"
	label   = "labctl.dev/prober"
	version = "2" // of the pod's template: raise it when deployment changes
)

// Ensure makes the helper pod if it is not there, mends it if somebody changed
// it, and waits until it runs. It returns the pod's name.
func Ensure(ctx context.Context, client *kube.Client) (string, error) {
	found, err := ensure(ctx, client)
	return found.pod, err
}

// helper is one life of the helper pod: it is another one when its container has
// been started again.
type helper struct {
	pod       string // its name
	uid       types.UID
	container string // its container's id
}

func ensure(ctx context.Context, client *kube.Client) (helper, error) {
	if found, err := running(ctx, client); err != nil || found.pod != "" {
		return found, err
	}
	err := create(ctx, client)
	if err == nil {
		err = expel(ctx, client)
	}
	if err != nil {
		return helper{}, fmt.Errorf("make the checker's helper pod: %w", err)
	}
	var found helper
	err = wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		var err error
		found, err = running(ctx, client)
		return found.pod != "", err
	})
	if err != nil && ctx.Err() != nil {
		return helper{}, fmt.Errorf("the checker's helper pod does not start (see kubectl -n %s describe pod): %w", Namespace, context.Cause(ctx))
	}
	return found, err
}

// running returns a pod that runs just what we want; without a name if there is
// none.
func running(ctx context.Context, client *kube.Client) (helper, error) {
	pods, err := list(ctx, client)
	if err != nil {
		return helper{}, err
	}
	for i := range pods {
		p := &pods[i]
		if genuine(&p.Spec) && p.DeletionTimestamp == nil && p.Status.Phase == corev1.PodRunning && p.Status.ContainerStatuses[0].Ready {
			return helper{p.Name, p.UID, p.Status.ContainerStatuses[0].ContainerID}, nil
		}
	}
	return helper{}, nil
}

func list(ctx context.Context, client *kube.Client) ([]corev1.Pod, error) {
	pods, err := client.Typed.CoreV1().Pods(Namespace).List(ctx, metav1.ListOptions{LabelSelector: label + "=" + version})
	if err != nil {
		return nil, fmt.Errorf("look for the checker's helper pod: %w", err)
	}
	return pods.Items, nil
}

// create makes the namespace and the Deployment, anew if there is another one.
func create(ctx context.Context, client *kube.Client) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}
	_, err := client.Typed.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	deployments := client.Typed.AppsV1().Deployments(Namespace)
	now, err := deployments.Get(ctx, name, metav1.GetOptions{})
	if err == nil && !sound(now) {
		background := metav1.DeletePropagationBackground
		err = deployments.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &background})
		if err == nil {
			err = apierrors.NewNotFound(appsv1.Resource("deployments"), name)
		}
	}
	if !apierrors.IsNotFound(err) {
		return err
	}
	_, err = deployments.Create(ctx, deployment(), metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) { // another check was quicker
		return nil
	}
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return errors.Join(errors.New("its namespace "+Namespace+" is being deleted: try again in a moment"), err)
	}
	return err
}

// deployment is the helper. A bare pod would make the learner's `kubectl drain`
// fail; a Deployment is drained and comes back, onto whatever node there is.
func deployment() *appsv1.Deployment {
	one, zero, no, dots := int32(1), int64(0), false, "4"
	labels := map[string]string{label: version}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: &one,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					PriorityClassName:             "system-cluster-critical",
					TerminationGracePeriodSeconds: &zero,
					AutomountServiceAccountToken:  &no,
					EnableServiceLinks:            &no,
					// A Service's whole name has four: with the usual five, it would be tried
					// in each domain of the search list first, which takes longer than the rest.
					DNSConfig:   &corev1.PodDNSConfig{Options: []corev1.PodDNSConfigOption{{Name: "ndots", Value: &dots}}},
					Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
					Containers: []corev1.Container{{
						Name: name, Image: Image, ImagePullPolicy: corev1.PullIfNotPresent,
					}},
				},
			},
		},
	}
}

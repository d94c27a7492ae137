package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/kube"
)

// answers returns once exec, DNS and a Service answer in three pods: in each,
// a program asks the Service by its full name.
func answers(ctx context.Context, kubeconfig string) error {
	client, err := kube.FromFile(kubeconfig)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var running []corev1.Pod
	err = wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		running, err = runningPods(ctx, client)
		return len(running) >= 3, err
	})
	if err != nil {
		return fmt.Errorf("three running pods: %w", err)
	}
	var g errgroup.Group
	for _, p := range running[:3] {
		g.Go(func() error { return answersIn(ctx, client, p) })
	}
	return g.Wait()
}

func runningPods(ctx context.Context, client *kube.Client) ([]corev1.Pod, error) {
	// The cluster's own pods, which are there on kind, have no program that asks.
	const ours = "status.phase=Running,metadata.namespace!=kube-system,metadata.namespace!=local-path-storage"
	pods, err := client.Typed.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: ours})
	if err != nil {
		return nil, err
	}
	var ready []corev1.Pod
	for _, p := range pods.Items {
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
				ready = append(ready, p)
			}
		}
	}
	return ready, nil
}

func answersIn(ctx context.Context, client *kube.Client, p corev1.Pod) error {
	var said bytes.Buffer
	return wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		said.Reset()
		code, err := client.Exec(ctx, kube.Command{
			Namespace: p.Namespace, Pod: p.Name, Stdout: &said, Stderr: &said,
			Argv: []string{"wget", "-q", "-O", "-", "http://orders.default.svc.cluster.local/version"},
		})
		return err == nil && code == 0, ctx.Err()
	})
}

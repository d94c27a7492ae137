package undo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"labctl.dev/labctl/internal/kube"
)

// Exec is a command to run in one container, as long as it is still the one
// that the stimulus disturbed.
type Exec struct {
	Namespace string    `json:"namespace"`
	Pod       string    `json:"pod"`
	UID       types.UID `json:"uid"`
	Container string    `json:"container"`
	// ContainerID changes when the container is restarted.
	ContainerID string   `json:"containerID"`
	Command     []string `json:"command"`
	// Ready says that the pod was ready, and is to be again.
	Ready bool `json:"ready,omitempty"`
}

// readyTime is how long a pod may take to be ready again.
const readyTime = 30 * time.Second

// syncTime is how long a kubelet that was just restarted may take to know its
// pods again; until then it says that they do not exist.
const syncTime = 20 * time.Second

// run runs the command and waits until the pod is ready again, if it was.
func (e Exec) run(ctx context.Context, client *kube.Client) error {
	if err := e.command(ctx, client); err != nil || !e.Ready {
		return err
	}
	err := poll(ctx, readyTime, func(ctx context.Context) (bool, error) {
		p, err := client.Typed.CoreV1().Pods(e.Namespace).Get(ctx, e.Pod, metav1.GetOptions{})
		if gone(err) {
			return true, nil
		}
		return err == nil && (p.UID != e.UID || p.DeletionTimestamp != nil || Ready(p)), err
	})
	if errors.Is(err, errPatience) {
		return nil // its own probes keep it from being ready
	}
	return err
}

// command runs the command, unless the container is gone. Its exit code does
// not matter: "kill 1" may well take its own caller along.
func (e Exec) command(ctx context.Context, client *kube.Client) error {
	var last error
	err := poll(ctx, syncTime, func(ctx context.Context) (bool, error) {
		same, err := e.there(ctx, client)
		if err != nil || !same { // it went away, perhaps under our hands
			return err == nil, err
		}
		var said bytes.Buffer
		_, last = client.Exec(ctx, kube.Command{
			Namespace: e.Namespace, Pod: e.Pod, Container: e.Container, Argv: e.Command, Stdout: &said, Stderr: &said,
		})
		if kube.NotExecutable(last) {
			last = nil // nor had the stimulus a program to disturb anything with
		}
		return last == nil, nil
	})
	if errors.Is(err, errPatience) && last != nil {
		err = last
	}
	if err != nil {
		return fmt.Errorf("undo in pod %s with %q: %w", e.Pod, strings.Join(e.Command, " "), err)
	}
	return nil
}

// there tells whether the container still runs.
func (e Exec) there(ctx context.Context, client *kube.Client) (bool, error) {
	p, err := client.Typed.CoreV1().Pods(e.Namespace).Get(ctx, e.Pod, metav1.GetOptions{})
	if gone(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at pod %s: %w", e.Pod, err)
	}
	id, running := ContainerID(p, e.Container)
	return p.UID == e.UID && running && id == e.ContainerID, nil
}

// Ready tells whether a pod is ready.
func Ready(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// ContainerID is the identity of a container's present run, and whether it runs.
func ContainerID(p *corev1.Pod, container string) (string, bool) {
	for _, c := range p.Status.ContainerStatuses {
		if c.Name == container {
			return c.ContainerID, c.State.Running != nil
		}
	}
	return "", false
}

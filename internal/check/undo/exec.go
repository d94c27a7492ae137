package undo

import (
	"bytes"
	"context"
	"fmt"
	"strings"

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
}

// run runs the command, unless the container is gone. Its exit code does not
// matter: "kill 1" may well take its own caller along.
func (e Exec) run(ctx context.Context, client *kube.Client) error {
	same, err := e.there(ctx, client)
	if err != nil || !same {
		return err
	}
	var said bytes.Buffer
	_, err = client.Exec(ctx, kube.Command{
		Namespace: e.Namespace, Pod: e.Pod, Container: e.Container, Argv: e.Command, Stdout: &said, Stderr: &said,
	})
	if err == nil {
		return nil
	}
	if same, gone := e.there(ctx, client); gone == nil && !same {
		return nil // it went away under our hands
	}
	return fmt.Errorf("undo in pod %s with %q: %w", e.Pod, strings.Join(e.Command, " "), err)
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

// ContainerID is the identity of a container's present run, and whether it runs.
func ContainerID(p *corev1.Pod, container string) (string, bool) {
	for _, c := range p.Status.ContainerStatuses {
		if c.Name == container {
			return c.ContainerID, c.State.Running != nil
		}
	}
	return "", false
}

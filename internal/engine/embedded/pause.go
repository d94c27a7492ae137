//go:build linux

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/image"
)

// pauseRef is the image of the process that holds a pod's namespaces. The
// node's containerd is configured to use it.
const pauseRef = "labctl.dev/pause:1"

// loadPause gives a node the one image that every pod needs, as soon as its
// containerd works, which is long before Kubernetes does.
func (c *Cluster) loadPause(ctx context.Context, m *member) error {
	const binary = "/pause"
	archive, err := image.Assembler{}.Assemble(image.Spec{
		Ref:        pauseRef,
		Files:      map[string]string{binary: filepath.Join(c.spec.Bin, initName)},
		Entrypoint: []string{binary},
		User:       "65535:65535",
	})
	if err != nil {
		return fmt.Errorf("assemble the image of pods' namespaces: %w", err)
	}
	err = wait.PollUntilContextCancel(ctx, readyPoll, true, func(ctx context.Context) (bool, error) {
		if err := c.Err(); err != nil {
			return false, err
		}
		h, err := m.control.health(ctx)
		return err == nil && h.works("containerd"), nil
	})
	if err != nil {
		return fmt.Errorf("wait for containerd on node %s: %w", m.name, errors.Join(context.Cause(ctx), c.Err()))
	}
	r, w := io.Pipe()
	defer func() { _ = r.Close() }()
	go func() {
		_, err := archive.WriteTo(w)
		w.CloseWithError(err)
	}()
	if err := m.control.do(ctx, "/images", r); err != nil {
		return fmt.Errorf("load the image of pods' namespaces into node %s: %w", m.name, err)
	}
	return nil
}

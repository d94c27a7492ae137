package undo

import (
	"context"
	"errors"
	"fmt"
	"os"

	"labctl.dev/labctl/internal/container"
)

// Project is a copy of a Compose project that a stimulus made.
type Project struct {
	Name string `json:"name"`
	// Dir are its files, if it has some of its own.
	Dir string `json:"dir,omitempty"`
}

// Remove takes away all that there is of it.
func (p Project) Remove(ctx context.Context, docker *container.Client) error {
	if docker == nil {
		return fmt.Errorf("remove the Compose project %s: there is no Docker", p.Name)
	}
	return errors.Join(docker.DiscardProject(ctx, p.Name), p.RemoveFiles())
}

// RemoveFiles takes its files away.
func (p Project) RemoveFiles() error {
	if p.Dir == "" {
		return nil
	}
	return os.RemoveAll(p.Dir)
}

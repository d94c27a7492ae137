//go:build !linux

package docker

import (
	"context"
	"errors"
	"os"

	"labctl.dev/labctl/internal/component"
)

// Probe says that there is no way yet.
func (Component) Probe(context.Context, string, string) (component.Missing, error) {
	return component.Missing{
		What:   "the Docker Engine that labctl brings needs Linux",
		Remedy: "run labctl on a Linux machine or in a virtual machine",
	}, nil
}

// Up always fails.
func (c Component) Up(ctx context.Context, _ component.Spec, _ component.Ledger, _ func(string)) (component.Running, error) {
	missing, err := c.Probe(ctx, "", "")
	return nil, errors.Join(err, errors.New(missing.What))
}

// Down removes what a Linux machine may have left in a shared directory.
func (Component) Down(_ context.Context, spec component.Spec) error { return os.RemoveAll(spec.Dir) }

//go:build !linux

package docker

import (
	"context"
	"errors"

	"labctl.dev/labctl/internal/component"
)

// probeOwn says that there is no way yet.
func probeOwn(context.Context, string, string) (component.Missing, error) {
	return component.Missing{
		What:   "the Docker Engine that labctl brings needs Linux",
		Remedy: "Start a Docker Engine of yours, such as Docker Desktop, or run labctl on a Linux machine or in a virtual machine.",
	}, nil
}

// upOwn always fails.
func (Component) upOwn(ctx context.Context, _ component.Spec, _ component.Ledger, _ func(string)) (component.Running, error) {
	missing, err := probeOwn(ctx, "", "")
	return nil, errors.Join(err, errors.New(missing.What))
}

// endOwn has nothing to do: there is none.
func endOwn(context.Context, string) error { return nil }

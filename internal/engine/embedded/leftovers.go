//go:build linux

package embedded

import (
	"context"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/machine"
)

// Leftovers finds the processes and cgroups of machines.
func (e *Engine) Leftovers(ctx context.Context) ([]engine.Resource, error) {
	left, err := machine.Leftovers()
	if err != nil {
		return nil, err
	}
	found := make([]engine.Resource, len(left))
	for i, l := range left {
		found[i] = engine.Resource{ID: engine.ID(l.Cluster), Engine: Name, Kind: l.Kind, Name: l.Name}
	}
	return found, ctx.Err()
}

// Remove ends a process or removes a cgroup that Leftovers found.
func (e *Engine) Remove(ctx context.Context, r engine.Resource) error {
	switch r.Kind {
	case ledger.KindProcess:
		return machine.EndProcesses(ctx, string(r.ID))
	case ledger.KindCgroup:
		if err := machine.EndProcesses(ctx, string(r.ID)); err != nil {
			return err
		}
		if err := machine.RemoveCgroup(ctx, r.Name); err != nil {
			return err
		}
		_ = unix.Rmdir(filepath.Dir(r.Name)) // stays while others use it
		return nil
	}
	return fmt.Errorf("the embedded engine makes no %s", r.Kind)
}

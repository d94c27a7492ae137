package environment

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Remove ends the environment: the cluster, everything made for it, and the
// state directory. A workspace that was changed is kept, at the path returned,
// unless discard is set. It is idempotent and goes as far as it can: what it
// cannot remove it names, and the state stays so that it can be tried again.
func (l *Lifecycle) Remove(ctx context.Context, discard bool) (saved string, err error) {
	l.Env.Phase = Stopping
	if _, missing := os.Stat(l.Env.Dir()); missing == nil {
		err = l.Env.Save()
	}
	if err = errors.Join(err, l.Close(ctx)); err != nil {
		return "", fmt.Errorf("end the cluster: %w", err)
	}
	return l.Env.Dismantle(ctx, l.Engine, l.Bin, discard, false, l.Now())
}

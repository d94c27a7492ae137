package environment

import (
	"context"
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
		if err := l.Env.Save(); err != nil { // a full disk must not keep its contents
			l.Log.Warn("cannot note the end of the environment", "error", err)
		}
	}
	if err := l.Close(ctx); err != nil {
		return "", fmt.Errorf("end the cluster: %w", err)
	}
	return l.Env.Dismantle(ctx, l.Engine, l.Components, l.Bin, discard, false, l.Now())
}

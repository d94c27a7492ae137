package supervisor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// stateInterval is how often a supervisor looks whether its state is there.
const stateInterval = 5 * time.Second

// watchState ends the environment when somebody has removed its directory: then
// nobody could find it any more.
func (s *Server) watchState(ctx context.Context) {
	tick := time.NewTicker(stateInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := os.Stat(s.Home.EnvDir(s.Name)); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		s.Log.Error("the state directory is gone")
		s.cancelStart(errors.New("the state directory was removed"))
		s.wait()
		if _, err := s.finish(context.WithoutCancel(ctx), Discard); err != nil {
			s.Log.Error("remove the environment", "error", err)
		}
		s.over()
		return
	}
}

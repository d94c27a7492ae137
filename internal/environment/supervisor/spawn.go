package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/proc"
)

// hello is the first and only line a supervisor writes to its standard output:
// that it listens, or why it does not.
type hello struct {
	Problem *environment.Problem `json:"problem,omitempty"`
}

// Spawn starts the program with args as the supervisor of an environment, in a
// session of its own so that it outlives the caller, and returns once it
// listens. What it logs goes to the environment's log.
func Spawn(ctx context.Context, home environment.Home, name, program string, args []string) error {
	dir := home.EnvDir(name)
	if err := home.Make(dir); err != nil {
		return err
	}
	log, err := openLog(environment.LogPath(dir))
	if err != nil {
		return fmt.Errorf("open the supervisor's log: %w", err)
	}
	defer log.Close()
	if err := home.Own(log.Name()); err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	p, err := proc.Command{Path: program, Args: args, Dir: "/", Stdout: w, Stderr: log, Detached: true}.Start()
	w.Close()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { r.Close() })
	defer stop()
	err = await(r, log.Name())
	if ctx.Err() != nil {
		abandon(context.WithoutCancel(ctx), home, name, p)
		return context.Cause(ctx)
	}
	return err
}

// maxLog is how large a log may be that a new supervisor goes on with. Each of
// them says little; but an environment that is kept is started again for years.
const maxLog = 1 << 20

// openLog opens the log to append to it. One that is full becomes NAME.1, in
// place of the one before.
func openLog(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	return environment.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
}

// abandon ends a supervisor that nobody wants any more.
func abandon(ctx context.Context, home environment.Home, name string, p *proc.Process) {
	p.Stop(ctx, proc.DefaultGrace)
	if lock, err := home.Acquire(ctx, name); err == nil {
		home.Forget(name) // it may have ended too early to do that itself
		lock.Release()
	}
}

// await waits for the supervisor's hello.
func await(r io.Reader, log string) error {
	var h hello
	err := json.NewDecoder(r).Decode(&h)
	switch {
	case err != nil:
		return &environment.Problem{
			Code: environment.CodeSupervisor, Err: err,
			Message: "the supervisor ended before it was ready",
			Hint:    "Its last words are in " + log + ".",
		}
	case h.Problem != nil:
		return h.Problem
	}
	return nil
}

// Main runs a supervisor and says hello on out, which is then closed.
func Main(ctx context.Context, s *Server, out io.WriteCloser) error {
	said := false
	say := func(err error) {
		if said {
			return
		}
		said = true
		h := hello{}
		if err != nil {
			h.Problem = asProblem(err)
		}
		_ = errors.Join(json.NewEncoder(out).Encode(h), out.Close())
	}
	err := s.Serve(ctx, func() { say(nil) })
	say(err)
	return err
}

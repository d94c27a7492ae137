package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"labctl.dev/labctl/internal/environment"
)

// handleStart makes or resumes the environment. It is cancelled, and rolled
// back, when the client asks for it or goes away.
func (s *Server) handleStart(w http.ResponseWriter, r *http.Request) {
	out := newStream(w)
	var req Request
	data, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(data, &req)
	}
	if err != nil {
		out.finish(Result{}, err)
		return
	}
	if s.healthy() {
		s.takeBack(r.Context(), out)
		out.finish(Result{Resumed: true}, nil)
		return
	}
	end, err := s.begin(Starting, "starting it")
	if err != nil {
		out.finish(Result{}, err)
		return
	}
	ctx, cancel := s.cancellable(r.Context())
	defer cancel()
	result, err := s.start(ctx, req, out)
	if err == nil {
		end(Running)
		out.finish(result, nil)
		return
	}
	s.Log.Error("start failed", "error", err)
	out.last(result, err)
	end(Stopping)
	s.over()
}

// takeBack has what runs as its learner left it. Whatever cannot be taken back is
// still in the ledger, and the client says so.
func (s *Server) takeBack(ctx context.Context, out *stream) {
	s.mu.Lock()
	life := s.life
	s.mu.Unlock()
	if life == nil {
		return // it was stopped a moment ago
	}
	if err := life.TakeBack(ctx, out); err != nil {
		s.Log.Warn("cannot take back what a check did", "error", err)
	}
}

func (s *Server) start(ctx context.Context, req Request, out *stream) (Result, error) {
	began := time.Now()
	if old := s.takeLife(nil); old != nil { // a broken cluster goes first
		if err := old.Close(ctx); err != nil {
			return Result{}, err
		}
	}
	life, resume, err := s.Open(ctx, req)
	if ctx.Err() != nil {
		return Result{}, &environment.Problem{Code: environment.CodeInterrupted, Message: "interrupted: " + context.Cause(ctx).Error()}
	}
	if err != nil {
		return Result{}, err
	}
	life.Began = req.Began
	s.lightBeacon(life.Env.ID)
	if resume {
		err = life.Resume(ctx, out)
	} else {
		err = life.Start(ctx, req.KeepOnFailure, out)
	}
	if err != nil {
		return Result{}, err
	}
	s.takeLife(life)
	return Result{Resumed: resume, Steps: life.Env.Steps, Ms: time.Since(began).Milliseconds()}, nil
}

// parts are the components that run.
func (s *Server) parts() []judged {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life == nil {
		return nil
	}
	var all []judged
	for _, part := range s.life.Parts() {
		all = append(all, part)
	}
	return all
}

func (s *Server) takeLife(l *environment.Lifecycle) (old *environment.Lifecycle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, s.life = s.life, l
	return old
}

func (s *Server) handleCancel(w http.ResponseWriter, _ *http.Request) {
	s.cancelStart(errors.New("by the user"))
	s.endIfIdle() // the start may not have been asked for yet
	reply(w, http.StatusOK, struct{}{})
}

// handleReset goes on without its client: half a reset helps nobody.
func (s *Server) handleReset(w http.ResponseWriter, r *http.Request) {
	out := newStream(w)
	if s.cluster() == nil {
		out.finish(Result{}, &environment.Problem{Code: environment.CodeNotRunning, Message: "nothing is running"})
		return
	}
	end, err := s.begin(Resetting, "resetting it")
	if err != nil {
		out.finish(Result{}, err)
		return
	}
	s.mu.Lock()
	life := s.life
	s.mu.Unlock()
	if life == nil { // it was stopped a moment ago
		end(Stopping)
		out.finish(Result{}, &environment.Problem{Code: environment.CodeNotRunning, Message: "nothing is running"})
		return
	}
	began := time.Now()
	saved, steps, err := life.Rebuild(context.WithoutCancel(r.Context()), out)
	end(Running)
	out.finish(Result{Saved: saved, Steps: steps, Ms: time.Since(began).Milliseconds()}, err)
}

// handleStop ends the environment, also one that is being started, and then the
// supervisor.
func (s *Server) handleStop(w http.ResponseWriter, r *http.Request) {
	out := newStream(w)
	mode := StopMode(r.URL.Query().Get("mode"))
	s.cancelStart(errors.New("stopped"))
	s.waitFor(r.Context())
	end, err := s.begin(Stopping, "stopping it")
	if err != nil {
		out.finish(Result{}, err)
		return
	}
	began := time.Now()
	saved, err := s.finish(context.WithoutCancel(r.Context()), mode)
	out.last(Result{Saved: saved, Ms: time.Since(began).Milliseconds()}, err)
	end(Stopping)
	s.over()
}

// finish ends what runs. What is on disk only is for the client to remove, as if
// there were no supervisor.
func (s *Server) finish(ctx context.Context, mode StopMode) (saved string, err error) {
	life := s.takeLife(nil)
	switch {
	case life == nil && s.Home.Exists(s.Name): // a resume was cancelled, or nothing asked for
		return "", &environment.Problem{Code: environment.CodeNotRunning, Message: "nothing is running"}
	case life == nil: // a start was rolled back
		return "", nil
	case mode == Keep:
		return "", life.Close(ctx)
	default:
		return life.Remove(ctx, mode == Discard)
	}
}

// waitFor is wait, as long as somebody listens.
func (s *Server) waitFor(ctx context.Context) {
	s.mu.Lock()
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/environment"
)

// patience is how long a supervisor waits to be asked for something before it
// ends: the client that started it has died.
const patience = 15 * time.Second

// Opener prepares the lifecycle that a request asks for; resume is true when
// the environment exists already.
type Opener func(context.Context, Request) (life *environment.Lifecycle, resume bool, err error)

// Server is the supervisor of one environment.
type Server struct {
	Home environment.Home
	Name string
	Log  *slog.Logger
	Open Opener

	mu    sync.Mutex
	state State
	since time.Time
	life  *environment.Lifecycle
	doing string                  // the operation that is going on
	stop  context.CancelCauseFunc // of the start, or of the work on a node
	idle  chan struct{}           // closed while no operation is going on
	over  context.CancelFunc      // ends Serve
	lit   net.Listener            // the beacon
}

// Serve takes the environment's lock, listens, calls ready, and serves until
// the environment is stopped, a start fails, or ctx ends; then the cluster is
// closed and its data stay.
func (s *Server) Serve(ctx context.Context, ready func()) error {
	lock, err := s.Home.Acquire(ctx, s.Name)
	if err != nil {
		return err
	}
	defer lock.Release()
	defer s.Home.Forget(s.Name)
	path := environment.SocketPath(s.Home.EnvDir(s.Name))
	l, err := listen(path)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(path) }() // often gone with its directory
	if err := s.Home.Own(path); err != nil {
		return err
	}
	ctx, s.over = context.WithCancel(ctx)
	defer s.over()
	s.set(Idle)
	s.idle = make(chan struct{})
	close(s.idle)
	unasked := time.AfterFunc(patience, s.endIfIdle)
	defer unasked.Stop()
	go s.watchState(ctx)
	ready()
	return s.serve(ctx, l)
}

func (s *Server) serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s.guard(s.routes()), ConnContext: withPeer, ReadHeaderTimeout: time.Minute}
	stopServing := context.AfterFunc(ctx, func() {
		s.cancelStart(errors.New("the supervisor was told to end"))
		s.wait()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(grace) // lets the last answers out
		_ = server.Close()
	})
	defer stopServing()
	err := server.Serve(l)
	s.wait()
	s.mu.Lock()
	life := s.life
	s.mu.Unlock()
	if life != nil {
		err = errors.Join(err, life.Close(context.WithoutCancel(ctx)))
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", s.handleStatus)
	mux.HandleFunc("POST /v1/start", s.handleStart)
	mux.HandleFunc("POST /v1/cancel", s.handleCancel)
	mux.HandleFunc("POST /v1/reset", s.handleReset)
	mux.HandleFunc("POST /v1/stop", s.handleStop)
	mux.HandleFunc("POST /v1/nodes/{node}/{action}", s.handleNode)
	return mux
}

type peerKey struct{}

func withPeer(ctx context.Context, c net.Conn) context.Context {
	if uid, known := peer(c); known {
		return context.WithValue(ctx, peerKey{}, uid)
	}
	return ctx
}

// guard answers root and the owner only.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uid, known := r.Context().Value(peerKey{}).(int)
		if !known || (uid != 0 && uid != s.Home.Owner.UID && uid != os.Getuid()) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// begin makes an operation the only one, or says what is going on instead. With
// an empty state, the present one stays, likewise for end.
func (s *Server) begin(state State, doing string) (end func(State), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.idle:
	default:
		return nil, &environment.Problem{
			Code:    environment.CodeBusy,
			Message: fmt.Sprintf("the environment %q is busy: another labctl is %s", s.Name, s.doing),
			Hint:    "Wait for it to finish, or choose another name with --env.",
		}
	}
	idle := make(chan struct{})
	s.idle, s.doing = idle, doing
	s.enter(state)
	return func(after State) {
		s.set(after)
		close(idle)
	}, nil
}

func (s *Server) set(state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enter(state)
}

// enter is set for who holds mu.
func (s *Server) enter(state State) {
	if state != "" {
		s.state, s.since = state, time.Now()
	}
}

// cancellable is the context of an operation that a stop ends.
func (s *Server) cancellable(parent context.Context) (ctx context.Context, cancel func()) {
	ctx, stop := context.WithCancelCause(parent)
	s.mu.Lock()
	s.stop = stop
	s.mu.Unlock()
	return ctx, func() { stop(nil) }
}

// wait returns when no operation is going on.
func (s *Server) wait() {
	s.mu.Lock()
	idle := s.idle
	s.mu.Unlock()
	<-idle
}

func (s *Server) cancelStart(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop(why)
	}
}

func (s *Server) endIfIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == Idle {
		s.over()
	}
}

func (s *Server) cluster() engine.Cluster {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life == nil {
		return nil
	}
	return s.life.Cluster()
}

// lightBeacon tells the machine that the cluster has an owner. Without it the
// environment works, but for a gc of another user.
func (s *Server) lightBeacon(id engine.ID) {
	l, err := beacon(id)
	if err != nil {
		s.Log.Warn("no beacon", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lit = l
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

package supervisor

import (
	"encoding/json"
	"net/http"
	"os"
	"sync"
	"time"

	"labctl.dev/labctl/internal/environment"
)

// stream writes events to a client. A client that has gone is not an error: the
// operation decides for itself whether it goes on without one.
type stream struct {
	mu  sync.Mutex
	out *json.Encoder
	rc  *http.ResponseController
}

var _ environment.Observer = (*stream)(nil)

func newStream(w http.ResponseWriter) *stream {
	w.Header().Set("Content-Type", "application/jsonl")
	return &stream{out: json.NewEncoder(w), rc: http.NewResponseController(w)}
}

func (s *stream) send(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out.Encode(e) == nil {
		_ = s.rc.Flush()
	}
}

func (s *stream) StepStarted(name string) { s.send(event{Step: name}) }
func (s *stream) Progress(message string) { s.send(event{Progress: message}) }
func (s *stream) StepDone(name string, took time.Duration) {
	s.send(event{Done: &environment.StepTime{Name: name, Ms: took.Milliseconds()}})
}

// finish sends the last line.
func (s *stream) finish(r Result, err error) { s.send(outcome(r, err)) }

// last sends the last line of a supervisor that ends now.
func (s *stream) last(r Result, err error) {
	e := outcome(r, err)
	e.Ending = os.Getpid()
	s.send(e)
}

func outcome(r Result, err error) event {
	if err != nil {
		return event{Problem: asProblem(err), Result: &r} // what was done by then
	}
	return event{Result: &r}
}

// asProblem gives every error the shape that crosses the socket.
func asProblem(err error) *environment.Problem {
	if p := environment.AsProblem(err); p != nil {
		return p
	}
	return &environment.Problem{Code: environment.CodeSupervisor, Message: err.Error()}
}

//go:build e2e && linux

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"labctl.dev/labctl/internal/proc"
)

// hang is when a command counts as hanging, on however busy a machine.
const hang = 6 * time.Minute

// result is what a command came to.
type result struct {
	args     []string
	code     int // -1 if a signal ended it
	out, err string
	took     time.Duration
}

func (r result) String() string {
	return fmt.Sprintf("labctl %s: exit code %d after %.1f s\n%s%s", strings.Join(r.args, " "), r.code, r.took.Seconds(), r.out, r.err)
}

// running is a command that has not ended yet.
type running struct {
	t        *testing.T
	args     []string
	process  *proc.Process
	out, err *transcript
	began    time.Time
}

// begin starts labctl.
func (w *world) begin(args ...string) *running { return w.beginWith("", args...) }

func (w *world) beginWith(input string, args ...string) *running {
	w.t.Helper()
	r := &running{t: w.t, args: args, out: &transcript{}, err: &transcript{}, began: time.Now()}
	var err error
	r.process, err = proc.Command{
		Path: w.program, Args: args, Dir: w.dir, Env: w.environ(),
		Stdin: strings.NewReader(input), Stdout: r.out, Stderr: r.err,
		Group: true, Attr: &syscall.SysProcAttr{Credential: w.user},
	}.Start()
	must(w.t, err)
	w.t.Cleanup(func() {
		r.signal(os.Kill) // if the test gave up on it
		<-r.process.Done()
	})
	return r
}

// wait returns when the command has ended.
func (r *running) wait() result {
	r.t.Helper()
	select {
	case <-r.process.Done():
	case <-time.After(hang):
		r.signal(syscall.SIGQUIT) // makes it print where it hangs
		<-r.process.Done()
		r.t.Errorf("labctl %s hung", strings.Join(r.args, " "))
	}
	res := result{args: r.args, out: r.out.String(), err: r.err.String(), took: time.Since(r.began)}
	var exit interface{ ExitCode() int }
	switch err := r.process.Err(); {
	case errors.As(err, &exit):
		res.code = exit.ExitCode()
	case err != nil:
		r.t.Fatalf("labctl %s: %v", strings.Join(r.args, " "), err)
	}
	return res
}

// signal sends a signal to all that the command runs in the foreground, as a
// terminal does.
func (r *running) signal(s os.Signal) { _ = r.process.Signal(s) } // it may have ended

// kill is kill -9 of labctl itself.
func (r *running) kill() { _ = syscall.Kill(r.process.PID(), syscall.SIGKILL) } // likewise

func (r *running) ended() bool {
	select {
	case <-r.process.Done():
		return true
	default:
		return false
	}
}

// says waits until the command has printed a text so many times, or ended.
func (r *running) says(text string, times int) {
	r.t.Helper()
	eventually(r.t, time.Minute, fmt.Sprintf("labctl %s says %q", strings.Join(r.args, " "), text), func() error {
		said := r.out.String() + r.err.String()
		return errIf(strings.Count(said, text) < times && !r.ended(), "it said %q", said)
	})
}

// try runs labctl to its end.
func (w *world) try(args ...string) result {
	w.t.Helper()
	r := w.begin(args...).wait()
	w.t.Logf("%5.1f s  labctl %s -> %d", r.took.Seconds(), strings.Join(args, " "), r.code)
	return r
}

// labctl runs labctl, which has to succeed, and returns what it printed.
func (w *world) labctl(args ...string) string {
	w.t.Helper()
	r := w.try(args...)
	if r.code != 0 {
		w.t.Fatal(r)
	}
	return r.out
}

// wants runs labctl, which has to end with a code and say all parts.
func (w *world) wants(code int, parts []string, args ...string) result {
	w.t.Helper()
	r := w.try(args...)
	r.wants(w.t, code, parts...)
	return r
}

func (r result) wants(t *testing.T, code int, parts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("want exit code %d: %v", code, r)
	}
	wantText(t, r.out+r.err, parts...)
}

// kubectl runs labctl kubectl, which has to succeed.
func (w *world) kubectl(args ...string) string {
	w.t.Helper()
	r := w.begin(append([]string{"kubectl"}, args...)...).wait()
	if r.code != 0 {
		w.t.Fatal(r)
	}
	return strings.TrimSpace(r.out)
}

// document is what -o json printed.
type document map[string]any

// json runs labctl with -o json and decodes what it prints, whatever its code.
func (w *world) json(args ...string) (document, result) {
	w.t.Helper()
	r := w.try(append(args, "-o", "json")...)
	var d document
	if err := json.Unmarshal([]byte(r.out), &d); err != nil {
		w.t.Fatalf("not JSON: %v\n%v", err, r)
	}
	return d, r
}

// transcript keeps what a command prints.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (c *transcript) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *transcript) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

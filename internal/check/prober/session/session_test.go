package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	labapp "labctl.dev/labctl/internal/labapp/session"
)

// pod runs labapp's applet as an exec would, until the streams break. Every test
// runs in a bubble, which tells of goroutines that are left.
type pod struct {
	started, stopped chan string
	kill             chan struct{} // closed to kill it
}

func newPod() *pod {
	return &pod{started: make(chan string, 10), stopped: make(chan string, 10), kill: make(chan struct{})}
}

func (p *pod) connect(ctx context.Context, in io.Reader, out, complaints io.Writer) (int, error) {
	stdin, feed := io.Pipe()
	go func() {
		_, _ = io.Copy(feed, in)
		feed.Close()
	}()
	ended := make(chan int, 1)
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go func() {
		process := &applet.Process{Name: "session", Stdin: stdin, Stdout: &alive{out, p.kill}, Stderr: complaints}
		ended <- process.Code(labapp.New(map[string]labapp.Run{"echo": p.echo, "hang": p.hang})(run, process))
	}()
	select {
	case code := <-ended:
		return code, nil
	case <-p.kill:
		stdin.CloseWithError(errors.New("killed"))
		<-ended
		return 137, nil
	case <-ctx.Done():
		stdin.CloseWithError(ctx.Err())
		return 0, ctx.Err()
	}
}

// alive lets nothing through of who has been killed.
type alive struct {
	io.Writer
	kill <-chan struct{}
}

func (a *alive) Write(data []byte) (int, error) {
	select {
	case <-a.kill:
		return 0, io.ErrClosedPipe
	default:
		return a.Writer.Write(data)
	}
}

func (p *pod) echo(_ context.Context, process *applet.Process) error {
	_, err := fmt.Fprintln(process.Stdout, strings.Join(process.Args, " "))
	return err
}

func (p *pod) hang(ctx context.Context, process *applet.Process) error {
	p.started <- process.Args[0]
	<-ctx.Done()
	p.stopped <- process.Args[0]
	return ctx.Err()
}

func TestRunsBesideEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPod()
		s := Open(t.Context(), p.connect)
		cancelled, cancel := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, err := s.Run(cancelled, []string{"hang", "a"}); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		})
		late, stop := context.WithTimeout(t.Context(), time.Hour) // beats go on, so it is not taken for lost
		defer stop()
		callers.Go(func() {
			if _, err := s.Run(late, []string{"hang", "b"}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("at the end of its time: %v", err)
			}
		})
		<-p.started
		<-p.started
		for i := range 20 {
			callers.Go(func() {
				a, err := s.Run(t.Context(), []string{"echo", fmt.Sprint(i)})
				if string(a.Stdout) != fmt.Sprintln(i) || err != nil {
					t.Errorf("%d: %q, %v", i, a.Stdout, err)
				}
			})
		}
		cancel()
		if stopped := <-p.stopped; stopped != "a" {
			t.Errorf("%s was stopped", stopped)
		}
		callers.Wait()
		s.Close()
		<-s.Done()
		if stopped := <-p.stopped; stopped != "b" {
			t.Errorf("%s was stopped", stopped)
		}
		if _, err := s.Run(t.Context(), []string{"echo"}); err == nil || !s.Over() {
			t.Error("a closed session goes on")
		}
	})
}

func TestBreaks(t *testing.T) {
	const hello = `{"id":0}` + "\n"
	says := func(text string) Connect {
		return func(ctx context.Context, _ io.Reader, out, _ io.Writer) (int, error) {
			if _, err := io.WriteString(out, text); err != nil {
				return 0, nil // as with client-go, which only logs it
			}
			<-ctx.Done()
			return 0, ctx.Err()
		}
	}
	for name, tt := range map[string]struct {
		connect Connect
		want    string
	}{
		"not reached":           {func(context.Context, io.Reader, io.Writer, io.Writer) (int, error) { return 0, io.ErrUnexpectedEOF }, "unexpected EOF"},
		"too old":               {func(context.Context, io.Reader, io.Writer, io.Writer) (int, error) { return 127, nil }, ErrMissing.Error()},
		"garbage at first":      {says("Segmentation fault\n"), "read an answer"},
		"garbage":               {says(hello + "}\n"), "read an answer"},
		"an answer to nobody":   {says(hello + `{"id":7}` + "\n"), "nobody asked"},
		"an answer at first":    {says(`{"id":1}` + "\n"), "nobody asked"},
		"an answer without end": {endless(hello), "longer than"},
		"nothing more is heard": {says(hello), "nothing was heard"},
		"ends after it has said": {func(_ context.Context, _ io.Reader, out, _ io.Writer) (int, error) {
			_, err := io.WriteString(out, hello)
			return 127, err
		}, "exit code 127"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := Open(t.Context(), tt.connect)
				_, err := s.Run(t.Context(), []string{"hang", "x"})
				if err == nil || !strings.Contains(err.Error(), tt.want) || !s.Over() {
					t.Errorf("over %v; %v", s.Over(), err)
				}
				s.Close()
				<-s.Done()
			})
		})
	}
}

func TestKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPod()
		s := Open(t.Context(), p.connect)
		go func() {
			<-p.started
			close(p.kill)
		}()
		if _, err := s.Run(t.Context(), []string{"hang", "x"}); err == nil || !strings.Contains(err.Error(), "exit code 137") || !s.Over() {
			t.Errorf("over %v; %v", s.Over(), err)
		}
	})
}

// endless begins like a session and then prints one line for ever.
func endless(begin string) Connect {
	return func(ctx context.Context, _ io.Reader, out, _ io.Writer) (int, error) {
		_, err := io.WriteString(out, begin)
		for err == nil {
			_, err = out.Write(bytes.Repeat([]byte("x"), 16<<20))
		}
		<-ctx.Done()
		return 0, ctx.Err()
	}
}

// TestCloseDoesNotWaitForEver has the other side not notice.
func TestCloseDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Open(t.Context(), func(ctx context.Context, _ io.Reader, _, _ io.Writer) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := s.Run(ctx, []string{"echo"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a session that does not open: %v", err)
		}
		begun := time.Now()
		s.Close()
		if <-s.Done(); time.Since(begun) > grace {
			t.Errorf("it took %s", time.Since(begun))
		}
	})
}

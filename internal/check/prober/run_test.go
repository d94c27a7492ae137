package prober

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"labctl.dev/labctl/internal/check/prober/session"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/labapp/applet"
	labapp "labctl.dev/labctl/internal/labapp/session"
)

// world is a cluster with a helper pod whose sessions run here.
type world struct {
	*Prober

	sent   chan string // what was run
	mu     sync.Mutex
	opened []string // the containers in which sessions were opened
	broken int      // so many runs break the session that they are in
}

func newWorld(t *testing.T) *world {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: "prober-1", Labels: map[string]string{label: version}},
		Spec:       deployment().Spec.Template.Spec,
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{Ready: true, ContainerID: "c1"}}},
	}
	w := &world{sent: make(chan string, 100)}
	w.Prober = New(kube.FromParts(fake.NewClientset(pod), nil, nil))
	w.connect = w.opening
	return w
}

// restart gives the pod another container.
func (w *world) restart(t *testing.T, container string) {
	t.Helper()
	pods := w.client.Typed.CoreV1().Pods(Namespace)
	pod, err := pods.Get(t.Context(), "prober-1", metav1.GetOptions{})
	if err == nil {
		pod.Status.ContainerStatuses[0].ContainerID = container
		_, err = pods.UpdateStatus(t.Context(), pod, metav1.UpdateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) opening(at helper) session.Connect {
	return func(ctx context.Context, in io.Reader, out, complaints io.Writer) (int, error) {
		w.mu.Lock()
		w.opened = append(w.opened, at.container)
		w.mu.Unlock()
		ctx, breakOff := context.WithCancelCause(ctx)
		defer breakOff(nil)
		say := func(ctx context.Context, p *applet.Process) error {
			w.sent <- p.Args[0]
			if w.breaks() {
				breakOff(io.ErrUnexpectedEOF)
				<-ctx.Done()
			}
			_, err := io.WriteString(p.Stdout, p.Args[0])
			return err
		}
		stdin, feed := io.Pipe()
		ended := make(chan int, 1)
		go func() {
			_, _ = io.Copy(feed, in)
			feed.Close()
		}()
		go func() {
			p := &applet.Process{Stdin: stdin, Stdout: &cut{ctx, out}, Stderr: complaints}
			ended <- p.Code(labapp.New(map[string]labapp.Run{"say": say})(context.WithoutCancel(ctx), p))
		}()
		select {
		case code := <-ended:
			return code, nil
		case <-ctx.Done():
			stdin.Close()
			return 0, context.Cause(ctx)
		}
	}
}

func (w *world) breaks() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken--
	return w.broken >= 0
}

// cut lets nothing through after ctx.
type cut struct {
	ctx context.Context
	io.Writer
}

func (c *cut) Write(data []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, io.ErrClosedPipe
	}
	return c.Writer.Write(data)
}

func (w *world) check(t *testing.T, out []byte, err error, want string, opened ...string) {
	t.Helper()
	if err != nil || string(out) != want {
		t.Errorf("%q, %v; want %q", out, err, want)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := strings.Join(w.opened, " "); got != strings.Join(opened, " ") {
		t.Errorf("opened %s; want %s", got, opened)
	}
}

func TestOneSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() {
				if out, err := w.Output(t.Context(), "say", "a"); err != nil || string(out) != "a" {
					t.Errorf("%q, %v", out, err)
				}
			})
		}
		callers.Wait()
		out, err := w.Once(t.Context(), "say", "b")
		w.check(t, out, err, "b", "c1")
		if _, err := w.Output(t.Context(), "shout"); err == nil || !strings.Contains(err.Error(), "exit code 127") {
			t.Errorf("an applet that is none: %v", err)
		}
		w.restart(t, "c2")
		out, err = w.Once(t.Context(), "say", "c")
		w.check(t, out, err, "c", "c1", "c2")
		w.Close()
	})
}

func TestBrokenSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.broken = 1
		out, err := w.Output(t.Context(), "say", "a")
		w.check(t, out, err, "a", "c1", "c1")
		if len(w.sent) != 2 {
			t.Errorf("sent %d times", len(w.sent))
		}
		w.broken = 1
		if _, err := w.Once(t.Context(), "say", "b"); !errors.Is(err, io.ErrUnexpectedEOF) || len(w.sent) != 3 {
			t.Errorf("sent once: %d times, %v", len(w.sent)-2, err)
		}
		w.broken = 2
		if _, err := w.Output(t.Context(), "say", "c"); !errors.Is(err, io.ErrUnexpectedEOF) || len(w.sent) != 5 {
			t.Errorf("broken twice: %v", err)
		}
		out, err = w.Once(t.Context(), "say", "d")
		w.check(t, out, err, "d", "c1", "c1", "c1", "c1", "c1")
		w.Close()
	})
}

// TestReplacedSession has the pod replaced while a run goes on in the old one.
func TestReplacedSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.sent = make(chan string) // a run goes on until somebody takes notice
		first := make(chan error)
		go func() {
			_, err := w.Once(t.Context(), "say", "a")
			first <- err
		}()
		synctest.Wait()
		w.restart(t, "c2")
		second := make(chan error)
		go func() {
			_, err := w.Once(t.Context(), "say", "b")
			second <- err
		}()
		synctest.Wait()
		<-w.sent
		<-w.sent
		if err := errors.Join(<-first, <-second); err != nil {
			t.Error(err)
		}
		w.Close()
	})
}

// TestWithoutSessions has a pod whose labapp is older than sessions; that it is
// known means that it is not asked again.
func TestWithoutSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tries := 0
		w.connect = func(helper) session.Connect {
			tries++
			return func(context.Context, io.Reader, io.Writer, io.Writer) (int, error) { return 127, nil }
		}
		at, err := w.find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := w.inSession(t.Context(), at, []string{"say"}); !errors.Is(err, session.ErrMissing) {
				t.Error(err)
			}
		}
		if tries != 1 {
			t.Errorf("tried %d times", tries)
		}
		w.Close()
	})
}

// TestMendingEndsWithItsCaller has somebody else mend the pod for ever.
func TestMendingEndsWithItsCaller(t *testing.T) {
	w := &Prober{client: kube.FromParts(fake.NewClientset(), nil, nil), mending: make(chan struct{}, 1)}
	w.mending <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := w.Output(ctx, "say"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestRequestLine holds the wire to what labapp of other versions reads.
func TestRequestLine(t *testing.T) {
	line, err := json.Marshal(labapp.Request{ID: 1, Argv: []string{"http", "http://web/"}})
	if want := `{"id":1,"argv":["http","http://web/"]}`; err != nil || !bytes.Equal(line, []byte(want)) {
		t.Errorf("%s, %v", line, err)
	}
}

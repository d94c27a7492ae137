package session_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/request"
	"labctl.dev/labctl/internal/labapp/session"
)

// open is a running session.
type open struct {
	*testing.T

	in      *io.PipeWriter
	answers chan session.Answer // without the beats
	ended   chan error
}

func start(t *testing.T, applets map[string]session.Run) *open {
	t.Helper()
	stdin, in := io.Pipe()
	out, stdout := io.Pipe()
	o := &open{T: t, in: in, answers: make(chan session.Answer, 10), ended: make(chan error, 1)}
	go func() {
		p := &applet.Process{Name: "session", Stdin: stdin, Stdout: stdout, Stderr: io.Discard}
		o.ended <- session.New(applets)(t.Context(), p)
		stdout.Close()
	}()
	lines := bufio.NewReader(out)
	if first, err := lines.ReadString('\n'); err != nil || first != `{"id":0}`+"\n" {
		t.Fatalf("it begins with %q, %v", first, err)
	}
	go func() {
		defer close(o.answers)
		for {
			line, err := lines.ReadBytes('\n')
			var a session.Answer
			if err != nil || json.Unmarshal(line, &a) != nil {
				return
			}
			if a.ID > 0 {
				o.answers <- a
			}
		}
	}()
	return o
}

func (o *open) ask(requests ...session.Request) {
	o.Helper()
	for _, r := range requests {
		if err := json.NewEncoder(o.in).Encode(r); err != nil {
			o.Fatal(err)
		}
	}
}

func (o *open) end() {
	o.Helper()
	o.in.Close()
	select {
	case err := <-o.ended:
		if err != nil {
			o.Error(err)
		}
	case <-time.After(5 * time.Second):
		o.Error("it goes on after the end of its input")
	}
}

// slow is a web server that answers nothing but what asks for "/".
func slow(t *testing.T) (url string, came, left chan string) {
	came, left = make(chan string, 10), make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came <- r.URL.Path
		if r.URL.Path == "/" {
			_, _ = io.WriteString(w, r.RemoteAddr)
			return
		}
		<-r.Context().Done()
		left <- r.URL.Path
	}))
	t.Cleanup(server.Close)
	return server.URL, came, left
}

func TestRunsBesideEachOther(t *testing.T) {
	url, came, left := slow(t)
	o := start(t, map[string]session.Run{"http": request.Run})
	o.ask(session.Request{ID: 1, Argv: []string{"http", url + "/a"}}, session.Request{ID: 2, Argv: []string{"http", url + "/b"}})
	<-came
	<-came
	o.ask(session.Request{ID: 3, Argv: []string{"http", "--keep-alive", url}})
	third := <-o.answers
	o.ask(session.Request{ID: 4, Argv: []string{"http", "--keep-alive", url}})
	fourth := <-o.answers
	var responses [2][]request.Response
	for i, a := range []session.Answer{third, fourth} {
		if err := json.Unmarshal(a.Stdout, &responses[i]); err != nil || a.ID != uint64(3+i) || a.Code != 0 {
			t.Fatalf("%v: %+v", err, a)
		}
	}
	if responses[0][0].Body == responses[1][0].Body {
		t.Errorf("two runs share the connection from %s", responses[0][0].Body)
	}
	o.ask(session.Request{ID: 1, Cancel: true}, session.Request{ID: 3, Cancel: true})
	if path := <-left; path != "/a" {
		t.Errorf("cancelled %s", path)
	}
	if a := <-o.answers; a.ID != 1 {
		t.Errorf("cancelled: %+v", a)
	}
	o.end()
	if path := <-left; path != "/b" {
		t.Errorf("the end cancelled %s", path)
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	chatty := func(_ context.Context, p *applet.Process) error {
		_, err := io.Copy(p.Stdout, io.LimitReader(endless{}, session.MaxOutput+1))
		return err
	}
	o := start(t, map[string]session.Run{"http": request.Run, "chatty": chatty})
	for i, tt := range []struct {
		argv []string
		code int
		says string
	}{
		{[]string{"http"}, 2, "missing URL"},
		{[]string{"sh", "-c", "exit"}, 127, `no applet "sh" for sessions`},
		{nil, 127, "no applet"},
		{[]string{"chatty"}, 1, "longer than"},
	} {
		o.ask(session.Request{ID: uint64(i + 1), Argv: tt.argv})
		if a := <-o.answers; a.Code != tt.code || !strings.Contains(string(a.Stderr), tt.says) {
			t.Errorf("%v: code %d: %s", tt.argv, a.Code, a.Stderr)
		}
	}
	o.end()
}

func TestEndsWithGarbage(t *testing.T) {
	o := start(t, nil)
	if _, err := io.WriteString(o.in, "garbage\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-o.ended; err == nil || !strings.Contains(err.Error(), "read a request") {
		t.Errorf("it ended with %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

package supervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/environment"
)

// endPatience is how long a supervisor may take to end after its work is done.
const endPatience = 5 * time.Second

// Client asks the supervisor of one environment.
type Client struct {
	name string
	http *http.Client
}

// Connect returns a client of the supervisor whose environment is in dir, under
// the given name. It does not connect yet.
func Connect(name, dir string) *Client {
	return &Client{name: name, http: &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dial(ctx, environment.SocketPath(dir))
		},
	}}}
}

// Status asks what the supervisor does. A supervisor that is not there is a
// Problem with CodeNotRunning.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	resp, err := c.do(ctx, http.MethodGet, "/v1/status", nil)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	return s, json.NewDecoder(resp.Body).Decode(&s)
}

// Start asks for the environment to be made or resumed. When ctx ends, the
// start is cancelled, and Start returns once it has been rolled back.
func (c *Client) Start(ctx context.Context, req Request, o environment.Observer) (Result, error) {
	detached := context.WithoutCancel(ctx)
	stop := context.AfterFunc(ctx, func() {
		if resp, err := c.do(detached, http.MethodPost, "/v1/cancel", nil); err == nil {
			resp.Body.Close()
		}
	})
	defer stop()
	result, err := c.operation(detached, "/v1/start", req, o)
	var p *environment.Problem
	if ctx.Err() != nil && errors.As(err, &p) && p.Code == environment.CodeNotRunning {
		return result, context.Cause(ctx) // cancelled before it began
	}
	return result, err
}

// Reset asks for the starting state. It goes on when ctx ends.
func (c *Client) Reset(ctx context.Context, o environment.Observer) (Result, error) {
	return c.operation(ctx, "/v1/reset", nil, o)
}

// Stop asks for the end, and returns once the supervisor has ended, too. It goes
// on when ctx ends.
func (c *Client) Stop(ctx context.Context, mode StopMode, o environment.Observer) (Result, error) {
	return c.operation(ctx, "/v1/stop?mode="+url.QueryEscape(string(mode)), nil, o)
}

// awaitEnd waits until a process has ended. If it takes too long, whoever comes
// next is told that it is still there.
func awaitEnd(ctx context.Context, pid int) {
	ctx, cancel := context.WithTimeout(ctx, endPatience)
	defer cancel()
	_ = wait.PollUntilContextCancel(ctx, 2*time.Millisecond, true, func(context.Context) (bool, error) {
		return ended(pid), nil
	})
}

// ended says whether a process is gone, or waits only for its parent to look.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err == nil {
		return bytes.Contains(stat, []byte(") Z "))
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	err = p.Signal(syscall.Signal(0))
	return err != nil && !errors.Is(err, os.ErrPermission)
}

// Node stops or starts a node; the action is "stop" or "start".
func (c *Client) Node(ctx context.Context, name, action string) error {
	resp, err := c.do(ctx, http.MethodPost, "/v1/nodes/"+url.PathEscape(name)+"/"+action, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	p := &environment.Problem{}
	if json.NewDecoder(resp.Body).Decode(p) != nil {
		return fmt.Errorf("%s node %s: %s", action, name, resp.Status)
	}
	return p
}

func (c *Client) operation(ctx context.Context, path string, body any, o environment.Observer) (Result, error) {
	resp, err := c.do(ctx, http.MethodPost, path, body)
	if err != nil {
		return Result{}, err
	}
	defer resp.Body.Close()
	lines := json.NewDecoder(resp.Body)
	for {
		var e event
		if err := lines.Decode(&e); err != nil {
			return Result{}, c.lost(ctx, err)
		}
		if e.Ending != 0 && e.Ending != os.Getpid() {
			awaitEnd(ctx, e.Ending)
		}
		switch {
		case e.Problem != nil:
			return *e.Result, e.Problem
		case e.Result != nil:
			return *e.Result, nil
		case e.Done != nil:
			o.StepDone(e.Done.Name, time.Duration(e.Done.Ms)*time.Millisecond)
		case e.Step != "":
			o.StepStarted(e.Step)
		case e.Progress != "":
			o.Progress(e.Progress)
		}
	}
}

func (c *Client) do(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://supervisor"+path, content)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	var dead unreachable
	switch {
	case errors.As(err, &dead), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return nil, &environment.Problem{
			Code: environment.CodeNotRunning, Err: err,
			Message: fmt.Sprintf("the environment %q is not running", c.name),
			Hint:    "Run `labctl start --env " + c.name + "` to bring it back with your work intact, or `labctl stop --env " + c.name + "` to remove it.",
		}
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusForbidden:
		resp.Body.Close()
		return nil, &environment.Problem{
			Code:    environment.CodeNotYours,
			Message: fmt.Sprintf("the environment %q belongs to another user", c.name),
		}
	}
	return resp, nil
}

// lost explains a stream that ended before its last line.
func (c *Client) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("its process has ended")
	}
	return &environment.Problem{
		Code: environment.CodeSupervisor, Err: err,
		Message: fmt.Sprintf("the supervisor of environment %q was lost: %v", c.name, err),
		Hint:    "Run `labctl gc` to clean up, then try again.",
	}
}

//go:build linux

package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
)

const controlSocket = "control.sock"

// control speaks to a node's control API, HTTP on a unix socket.
type control struct {
	dir  *os.File // the socket's directory
	http *http.Client
}

// health is the answer to GET /healthz.
type health struct {
	Ready      bool              `json:"ready"`
	Components []componentHealth `json:"components"`
}

type componentHealth struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Error string `json:"error"`
}

// works tells whether a component has said that it does.
func (h health) works(name string) bool {
	return slices.ContainsFunc(h.Components, func(c componentHealth) bool { return c.Name == name && c.OK })
}

// broken lists the components that do not work, with what ails them.
func (h health) broken() string {
	var all []string
	for _, c := range h.Components {
		if !c.OK {
			all = append(all, strings.TrimSuffix(c.Name+" ("+c.Error+")", " ()"))
		}
	}
	return strings.Join(all, ", ")
}

// listenControl makes a control socket in dir. The file is the listener, for
// the node to inherit.
func listenControl(dir string) (*control, *os.File, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	c := &control{dir: d}
	if err := os.Remove(dir + "/" + controlSocket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, errors.Join(err, d.Close())
	}
	l, err := net.ListenUnix("unix", c.address())
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	defer func() { _ = l.Close() }()
	l.SetUnlinkOnClose(false)
	file, err := l.File()
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	c.http = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", c.address().Name)
		},
	}}
	return c, file, nil
}

// address goes through the open directory: a socket's path may have 108 bytes
// at most, and state directories can be deeper.
func (c *control) address() *net.UnixAddr {
	return &net.UnixAddr{Net: "unix", Name: fmt.Sprintf("/proc/self/fd/%d/%s", c.dir.Fd(), controlSocket)}
}

func (c *control) close() { c.dir.Close() }

// health asks how the node is. An error means that nobody answered.
func (c *control) health(ctx context.Context) (health, error) {
	var h health
	_, err := c.call(ctx, http.MethodGet, "/healthz", nil, &h)
	return h, err
}

// do asks the node to do something and waits until that is done.
func (c *control) do(ctx context.Context, path string, body io.Reader) error {
	var failure struct {
		Error string `json:"error"`
	}
	status, err := c.call(ctx, http.MethodPost, path, body, &failure)
	if err != nil {
		return err
	}
	if status >= http.StatusBadRequest {
		return fmt.Errorf("%s: %s", path, failure.Error)
	}
	return nil
}

func (c *control) call(ctx context.Context, method, path string, body io.Reader, answer any) (int, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://node"+path, body)
	if err != nil {
		return 0, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return 0, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, bytes.TrimSpace(data))
	}
	return response.StatusCode, nil
}

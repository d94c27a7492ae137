//go:build linux

package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/node"
	"labctl.dev/labctl/internal/proc"
)

// machine is one running node.
type machine struct {
	index   int
	name    string
	log     *slog.Logger
	process *proc.Process
	life    *os.File      // labinit's standard input: closing it ends the node
	silent  chan struct{} // closed when the last event has been read
	control *control
	tokens  []ledger.Token

	mu         sync.Mutex
	restarting map[string]string // component -> why
	last       node.Event        // the last that told of something bad
	leaving    bool              // its end is wanted
}

// files are the descriptors that a node is born with, our ends and its own.
type files struct {
	input, output, log *os.File // the node's standard ones
	api, control, link *os.File
	life, events       *os.File // ours
	links              *net.UnixConn
}

// spawn starts labinit in namespaces of its own.
func (m *machine) spawn(bin string, cfg node.Config, f *files) error {
	encoded, err := json.Marshal(cfg)
	if err != nil {
		return err
	}
	m.process, err = proc.Command{
		Path:   filepath.Join(bin, initName),
		Args:   []string{node.Command, cfg.Cluster, cfg.Name},
		Dir:    "/",
		Env:    []string{node.ConfigEnv + "=" + string(encoded)},
		Stdin:  f.input,
		Stdout: f.output,
		Stderr: f.log,
		Files:  []*os.File{f.api, f.control, f.link},
		Attr: &syscall.SysProcAttr{
			Setsid:     true,
			Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		},
	}.Start()
	if errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("%w; the embedded engine needs root: run labctl with sudo", err)
	}
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w; the kernel makes no more namespaces: see the limits in /proc/sys/user", err)
	}
	return err
}

// watch follows the node's events until it ends.
func (m *machine) watch(events *os.File) {
	defer events.Close()
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e node.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			m.log.Warn("a node said what is no event", "line", lines.Text())
			continue
		}
		m.note(e)
	}
}

func (m *machine) note(e node.Event) {
	m.log.Debug("node event", "event", e.Event, "component", e.Component, "pid", e.PID, "restarts", e.Restarts, "error", e.Error, "ms", e.Millis)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e.Event {
	case node.Exited:
		m.log.Warn("a component crashed and is started again", "component", e.Component, "error", e.Error, "restarts", e.Restarts)
		m.restarting[e.Component], m.last = e.Error, e
	case node.Failed:
		// The node's own failure repeats that of a component, without its log.
		if len(m.last.Log) == 0 || e.Component != "node" {
			m.last = e
		}
	}
}

// well forgets past crashes: the node has said that all of it works.
func (m *machine) well() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.restarting)
	m.last = node.Event{}
}

// trouble describes the last bad news, with what the component said at the end.
func (m *machine) trouble() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last.Event == "" {
		return "it gave no reason"
	}
	text := m.last.Component + ": " + m.last.Error
	if len(m.last.Log) > 0 {
		text += "\n  " + strings.TrimRight(strings.Join(m.last.Log, "  "), "\n")
	}
	return text
}

// leave marks the node's end as wanted.
func (m *machine) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leaving = true
}

func (m *machine) isLeaving() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.leaving
}

// stop ends the node: politely first, unless grace is 0.
func (m *machine) stop(ctx context.Context, grace time.Duration) {
	m.leave()
	m.process.Stop(ctx, grace)
	m.life.Close()
	m.control.close()
}

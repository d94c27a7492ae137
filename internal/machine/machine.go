//go:build linux

package machine

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strings"
	"sync"
	"time"

	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/node"
	"labctl.dev/labctl/internal/proc"
)

// Machine is a running machine.
type Machine struct {
	host    *Host
	spec    Spec
	log     *slog.Logger
	process *proc.Process
	life    *os.File      // labinit's standard input: closing it ends the machine
	silent  chan struct{} // closed when the last event has been read
	tokens  []ledger.Token

	mu         sync.Mutex
	restarting map[string]string // component -> why
	last       node.Event        // the last that told of something bad
	leaving    bool              // its end is wanted
}

// Name is the machine's name.
func (m *Machine) Name() string { return m.spec.Name }

// Index is the machine's number among those of its cluster, from 1.
func (m *Machine) Index() int { return m.spec.Index }

// Ended is closed when the machine has ended and its last word has been read.
func (m *Machine) Ended() <-chan struct{} { return m.silent }

// watch follows the machine's events until it ends.
func (m *Machine) watch(events *os.File) {
	defer close(m.silent)
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
	<-m.process.Done()
}

func (m *Machine) note(e node.Event) {
	m.log.Debug("node event", "event", e.Event, "component", e.Component, "pid", e.PID, "restarts", e.Restarts, "error", e.Error, "ms", e.Millis)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e.Event {
	case node.Exited:
		m.log.Warn("a component crashed and is started again", "component", e.Component, "error", e.Error, "restarts", e.Restarts)
		m.restarting[e.Component], m.last = e.Error, e
	case node.Failed:
		// The machine's own failure repeats that of a component, without its log.
		if len(m.last.Log) == 0 || e.Component != "node" {
			m.last = e
		}
	}
}

// Well forgets past crashes: all of the machine works.
func (m *Machine) Well() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.restarting)
	m.last = node.Event{}
}

// Restarting are the components that crashed since the machine was last well,
// and how.
func (m *Machine) Restarting() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.restarting)
}

// Err says why the machine ended, once Ended is closed; nil if Stop ended it.
func (m *Machine) Err() error {
	select {
	case <-m.silent:
	default:
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leaving {
		return nil
	}
	return fmt.Errorf("node %s has ended (%w): %s", m.spec.Name, cmp.Or(m.process.Err(), errors.New("by itself")), m.trouble())
}

// trouble describes the last bad news, with what the component said at the end.
func (m *Machine) trouble() string {
	if m.last.Event == "" {
		return "it gave no reason"
	}
	text := m.last.Component + ": " + m.last.Error
	if len(m.last.Log) > 0 {
		text += "\n  " + strings.TrimRight(strings.Join(m.last.Log, "  "), "\n")
	}
	return text
}

// Stop ends the machine: politely first, unless grace is 0. What it was made of
// stays until Bury.
func (m *Machine) Stop(ctx context.Context, grace time.Duration) {
	m.mu.Lock()
	m.leaving = true
	m.mu.Unlock()
	for _, h := range m.host.Hierarchies {
		h.thaw(m.host.Cluster, m.spec.Name)
	}
	m.process.Stop(ctx, grace)
	m.life.Close()
}

// Bury removes the cgroups of a machine that has ended.
func (m *Machine) Bury(ctx context.Context) error {
	for _, h := range m.host.Hierarchies {
		if err := h.Remove(ctx, m.host.Cluster, m.spec.Name); err != nil {
			return err
		}
	}
	for _, t := range m.tokens {
		if err := m.host.Ledger.End(t); err != nil { // a full disk; all it costs is a look for what is gone
			m.log.Warn("cannot note the end of a node in the ledger", "error", err)
		}
	}
	return nil
}

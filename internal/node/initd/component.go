//go:build linux

package initd

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"labctl.dev/labctl/internal/node"
)

// component is a program that a node is made of.
type component struct {
	name  string
	argv  []string
	env   []string
	files []uintptr // descriptors 3, 4, …

	log      *logFile
	pid      int // 0 while it does not run
	status   syscall.WaitStatus
	since    time.Time
	crashes  int // in a row
	restarts int
}

// thrifty makes a Go program that has little to do collect its garbage sooner,
// which costs it nearly nothing.
const thrifty = "GOGC=30"

// components are the node's programs, in the order of their start.
func components(cfg node.Config) []*component {
	env := []string{"PATH=/bin", "HOME=/root", "TMPDIR=/tmp"}
	role := []string{"agent"}
	if cfg.Server() {
		role = []string{"server", "--api-fd", strconv.Itoa(node.APIFD)}
	}
	labkube := append([]string{"labkube"}, role...)
	labkube = append(labkube,
		"--control-fd", strconv.Itoa(node.ControlFD),
		"--node-name", cfg.Name,
		"--node-ip", node.MachineIP(cfg.Index).String(),
		"--index", strconv.Itoa(cfg.Index),
		"--data-dir", "/node",
	)
	return []*component{
		{name: "containerd", argv: []string{"containerd", "--log-level", "warn"}, env: append(slices.Clip(env), thrifty)},
		{name: "labkube", argv: labkube, env: env, files: []uintptr{node.APIFD, node.ControlFD}},
	}
}

func (c *component) start(out *reporter) error {
	if c.log == nil {
		log, err := openLog("/node/log", c.name)
		if err != nil {
			return err
		}
		c.log = log
	}
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	defer w.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	defer null.Close()
	c.log.follow(r)
	c.pid, err = syscall.ForkExec("/bin/"+c.argv[0], c.argv, &syscall.ProcAttr{
		Dir:   "/",
		Env:   c.env,
		Files: append([]uintptr{null.Fd(), w.Fd(), w.Fd()}, c.files...),
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	c.since = time.Now()
	out.report(node.Event{Event: node.Started, Component: c.name, PID: c.pid, Restarts: c.restarts})
	return nil
}

// ended sees to a component that has ended: it is due again after a pause that
// doubles with each crash.
func (c *component) ended(out *reporter, again chan<- *component) error {
	if time.Since(c.since) > healthyAfter {
		c.crashes = 0
	}
	c.crashes++
	how := describe(c.status)
	e := node.Event{Event: node.Exited, Component: c.name, Restarts: c.restarts, Error: how}
	if !killed(c.status) { // what is killed has not said why
		e.Log = c.log.tail()
	}
	if c.crashes > maxCrashes {
		e.Event = node.Failed
		out.report(e)
		return fmt.Errorf("%s crashed %d times in a row and is given up: %s", c.name, c.crashes, how)
	}
	out.report(e)
	c.restarts++
	time.AfterFunc(firstBackoff<<(c.crashes-1), func() { again <- c })
	return nil
}

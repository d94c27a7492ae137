// Package server runs a cluster's first node: the control plane, and what
// every node has.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"time"

	"k8s.io/client-go/kubernetes"

	"labctl.dev/labctl/cmd/labkube/cluster"
	"labctl.dev/labctl/cmd/labkube/component"
	"labctl.dev/labctl/cmd/labkube/control"
	"labctl.dev/labctl/cmd/labkube/layout"
)

// Options are what a server is given.
type Options struct {
	Node    layout.Node
	API     net.Listener // on the host's loopback, served beside the node's own port
	Control net.Listener
	Log     *slog.Logger
	Settled func() // called once, when everything has been started
}

// Run runs the server until ctx ends or one of its components fails.
func Run(ctx context.Context, o Options) error {
	s := &server{Options: o, group: component.NewGroup(ctx, o.Log), ready: make(chan struct{})}
	if err := s.startControl(); err != nil {
		return err
	}
	if err := s.start(); err != nil {
		if cause := s.group.Err(); cause != nil {
			return cause
		}
		return err
	}
	close(s.ready)
	o.Settled()
	<-s.group.Failed()
	return s.group.Stop("etcd")
}

type server struct {
	Options
	group   *component.Group
	control *control.API
	runtime *control.Containerd
	creds   *credentials
	etcd    *etcd
	client  kubernetes.Interface
	ready   chan struct{}
}

// start brings the components up, each as soon as what it needs is there.
func (s *server) start() error {
	if err := os.MkdirAll(s.Node.Run(), 0o755); err != nil {
		return err
	}
	begin := time.Now()
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"store", s.startStore},
		{"api", s.startAPI},
		{"controllers", s.startControllers},
		{"node", s.startNode},
		{"dns", s.startDNS},
		{"defaults", s.startDefaults},
		{"reset", s.startReset},
	} {
		if err := step.run(s.group.Context()); err != nil {
			return err
		}
		s.Log.Info("started", "step", step.name, "elapsed", time.Since(begin).Round(time.Millisecond))
	}
	return cluster.WaitHealthy(s.group.Context(), s.client, "/readyz")
}

// startControl serves the control API first, so that it can tell how the start
// is going.
func (s *server) startControl() (err error) {
	if s.runtime, err = control.DialContainerd(); err != nil {
		return err
	}
	s.control = control.New(s.group, s.Log)
	s.control.HandleImages(s.runtime)
	s.group.Check("start", s.started)
	s.group.Check("containerd", s.runtime.Check)
	s.group.Go("control API", func(ctx context.Context) error { return s.control.Serve(ctx, s.Control) })
	return nil
}

// started is a health check that fails until all components have been started.
func (s *server) started(context.Context) error {
	select {
	case <-s.ready:
		return nil
	default:
		return errors.New("components are still starting")
	}
}

// Package server runs a cluster's first node: the control plane, and what
// every node has.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"k8s.io/client-go/kubernetes"

	"labctl.dev/labctl/cmd/labkube/cluster"
	"labctl.dev/labctl/cmd/labkube/component"
	"labctl.dev/labctl/cmd/labkube/control"
	"labctl.dev/labctl/cmd/labkube/kubelet"
	"labctl.dev/labctl/cmd/labkube/layout"
)

// Options are what a server is given.
type Options struct {
	Node    layout.Node
	API     net.Listener // on the host's loopback, served beside the node's own port
	Control net.Listener
	Log     *slog.Logger
}

// Run runs the server until ctx ends or one of its components fails.
func Run(ctx context.Context, o Options) error {
	s := &server{Options: o, group: component.NewGroup(ctx, o.Log), ready: make(chan struct{})}
	api := control.New(s.group, o.Log)
	s.group.Go("control API", func(ctx context.Context) error { return api.Serve(ctx, o.Control) })
	s.group.Check("start", s.started)
	runtime, err := control.DialContainerd()
	if err != nil {
		return err
	}
	s.runtime = runtime
	s.group.Check("containerd", runtime.Check)
	api.HandleImages(runtime)

	if err := s.start(); err != nil {
		if cause := s.group.Err(); cause != nil {
			return cause
		}
		return err
	}
	close(s.ready)
	<-s.group.Failed()
	return s.group.Stop("etcd")
}

type server struct {
	Options
	group   *component.Group
	creds   *credentials
	etcd    *etcd
	client  kubernetes.Interface
	runtime *control.Containerd
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
		{"API", s.startAPI},
		{"controllers", s.startControllers},
		{"node", s.startNode},
	} {
		if err := step.run(s.group.Context()); err != nil {
			return err
		}
		s.Log.Info("started", "step", step.name, "elapsed", time.Since(begin).Round(time.Millisecond))
	}
	return nil
}

func (s *server) startStore(ctx context.Context) (err error) {
	if s.creds, err = makeCredentials(s.Node, "https://"+s.API.Addr().String()); err != nil {
		return err
	}
	if s.etcd, err = startEtcd(ctx, s.Node); err != nil {
		return err
	}
	s.group.Go("etcd", s.etcd.run)
	s.group.Check("etcd", s.etcd.check)
	return nil
}

func (s *server) startAPI(ctx context.Context) error {
	inside, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", layout.APIPort))
	if err != nil {
		return fmt.Errorf("listen for API requests: %w", err)
	}
	listener := merge(inside, s.API)
	s.group.Go("apiserver", func(ctx context.Context) error {
		return runAPIServer(ctx, s.Node, s.creds, s.etcd.endpoint, listener)
	})
	if _, s.client, err = cluster.Connect(s.creds.componentKubeconfig); err != nil {
		return err
	}
	s.group.Check("apiserver", func(ctx context.Context) error {
		return cluster.Healthy(ctx, s.client, "/readyz")
	})
	return cluster.WaitHealthy(ctx, s.client, "/healthz")
}

func (s *server) startControllers(context.Context) error {
	s.group.Go("controller-manager", func(ctx context.Context) error {
		return runControllerManager(ctx, s.creds)
	})
	s.group.Go("scheduler", func(ctx context.Context) error { return runScheduler(ctx, s.creds) })
	return nil
}

func (s *server) startNode(ctx context.Context) error {
	if err := cluster.EnsureNode(ctx, s.client, s.Node); err != nil {
		return err
	}
	if err := s.runtime.Wait(ctx); err != nil {
		return err
	}
	s.group.Go("kubelet", func(ctx context.Context) error {
		return kubelet.Run(ctx, kubelet.Options{Node: s.Node, Server: layout.LocalURL(), CA: s.creds.ca})
	})
	s.group.Check("kubelet", kubelet.Check)
	return nil
}

// started is a health check that fails until all components have been started.
func (s *server) started(context.Context) error {
	select {
	case <-s.ready:
		return nil
	default:
		return fmt.Errorf("components are still starting")
	}
}

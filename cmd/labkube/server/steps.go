package server

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"labctl.dev/labctl/cmd/labkube/cluster"
	"labctl.dev/labctl/cmd/labkube/dns"
	"labctl.dev/labctl/cmd/labkube/layout"
	"labctl.dev/labctl/cmd/labkube/node"
	"labctl.dev/labctl/cmd/labkube/reset"
	"labctl.dev/labctl/cmd/labkube/volume"
)

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
	s.group.Check("controllers", s.checkControllers)
	return nil
}

func (s *server) startNode(ctx context.Context) error {
	return node.Start(ctx, s.group, node.Options{
		Node: s.Node, Server: layout.LocalURL(), CA: s.creds.ca, Client: s.client, Runtime: s.runtime, Log: s.Log,
	})
}

func (s *server) startDNS(ctx context.Context) error {
	if err := cluster.EnsureDNS(ctx, s.client, s.Node.IP); err != nil {
		return err
	}
	s.group.Go("dns", func(ctx context.Context) error {
		return dns.Run(ctx, dns.Options{IP: s.Node.IP, Kubeconfig: s.creds.componentKubeconfig})
	})
	s.group.Check("dns", func(ctx context.Context) error { return dns.Check(ctx, s.Node.IP) })
	return nil
}

func (s *server) startDefaults(ctx context.Context) error {
	if err := cluster.EnsureStorageClass(ctx, s.client); err != nil {
		return err
	}
	return makeDefaults(ctx, s.client)
}

// startReset adds the requests that make sense only once everything runs.
func (s *server) startReset(context.Context) error {
	give := func(ctx context.Context, order volume.Order, concerns func(node string) bool) error {
		return volume.Give(ctx, s.client, order, concerns)
	}
	r := &reset.Resetter{Store: s.etcd.client, Client: s.client, Path: s.Node.Baseline("registry"), Log: s.Log, Volumes: give}
	s.control.Handle("POST /baseline", func(request *http.Request) (any, error) {
		return struct{}{}, r.Capture(request.Context())
	})
	s.control.Handle("POST /reset", func(request *http.Request) (any, error) {
		return r.Reset(request.Context())
	})
	return nil
}

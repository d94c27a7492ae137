// Package agent runs a worker node: it joins the cluster of the server whose
// certificate authority it finds in the shared pki directory.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"labctl.dev/labctl/cmd/labkube/cluster"
	"labctl.dev/labctl/cmd/labkube/component"
	"labctl.dev/labctl/cmd/labkube/control"
	"labctl.dev/labctl/cmd/labkube/layout"
	"labctl.dev/labctl/cmd/labkube/node"
	"labctl.dev/labctl/cmd/labkube/pki"
)

// Options are what an agent is given.
type Options struct {
	Node    layout.Node
	Control net.Listener
	Log     *slog.Logger
	Settled func() // called once, when everything has been started
}

// Run runs the node until ctx ends or one of its components fails. It waits
// for the server as long as that takes.
func Run(ctx context.Context, o Options) error {
	group := component.NewGroup(ctx, o.Log)
	if err := start(group, o); err != nil {
		if cause := group.Err(); cause != nil {
			return cause
		}
		return err
	}
	o.Settled()
	<-group.Failed()
	return group.Stop()
}

func start(group *component.Group, o Options) error {
	ctx := group.Context()
	if err := os.MkdirAll(o.Node.Run(), 0o755); err != nil {
		return err
	}
	runtime, err := control.DialContainerd()
	if err != nil {
		return err
	}
	api := control.New(group, o.Log)
	api.HandleImages(runtime)
	group.Check("containerd", runtime.Check)
	joined := make(chan struct{})
	group.Check("start", func(context.Context) error {
		select {
		case <-joined:
			return nil
		default:
			return errors.New("waiting for the server")
		}
	})
	group.Go("control API", func(ctx context.Context) error { return api.Serve(ctx, o.Control) })

	ca, client, err := join(ctx, o.Node)
	if err != nil {
		return err
	}
	err = node.Start(ctx, group, node.Options{
		Node: o.Node, Server: layout.ServerURL(), CA: ca, Client: client, Runtime: runtime, Log: o.Log,
	})
	close(joined)
	return err
}

// join waits for the cluster's authority and its API server.
func join(ctx context.Context, n layout.Node) (*pki.CA, kubernetes.Interface, error) {
	var ca *pki.CA
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(context.Context) (bool, error) {
		var err error
		ca, err = pki.LoadCA(n.PKIDir(), "ca")
		if errors.Is(err, os.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("wait for the cluster's certificate authority in %s: %w", n.PKIDir(), err)
	}
	if err := os.MkdirAll(n.Run("pki"), 0o700); err != nil {
		return nil, nil, err
	}
	kubeconfig := n.Run("pki", "component.kubeconfig")
	err = ca.WriteKubeconfig(kubeconfig, layout.ServerURL(), pki.Request{User: "system:labkube", Groups: []string{"system:masters"}})
	if err != nil {
		return nil, nil, err
	}
	_, client, err := cluster.Connect(kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	return ca, client, cluster.WaitHealthy(ctx, client, "/healthz")
}

// Package node runs what every node has beside containerd: kubelet, the service
// proxy and the volume provisioner.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"

	"labctl.dev/labctl/cmd/labkube/cluster"
	"labctl.dev/labctl/cmd/labkube/component"
	"labctl.dev/labctl/cmd/labkube/control"
	"labctl.dev/labctl/cmd/labkube/kubelet"
	"labctl.dev/labctl/cmd/labkube/layout"
	"labctl.dev/labctl/cmd/labkube/pki"
	"labctl.dev/labctl/cmd/labkube/proxy"
	"labctl.dev/labctl/cmd/labkube/volume"
)

// Options are what a node needs.
type Options struct {
	Node    layout.Node
	Server  string // URL of the API server, as seen from this node
	CA      *pki.CA
	Client  kubernetes.Interface // may do everything
	Runtime *control.Containerd
	Log     *slog.Logger
}

// Start registers the node and starts its components in group, and returns once
// kubelet knows about its pods. The API server must answer already.
func Start(ctx context.Context, group *component.Group, o Options) error {
	begin := time.Now()
	startProxy(group, o)
	group.Go("volumes", func(ctx context.Context) error {
		return volume.Run(ctx, volume.Options{Node: o.Node, Client: o.Client, Log: o.Log, Obey: true})
	})
	if err := cluster.EnsureNode(ctx, o.Client, o.Node); err != nil {
		return err
	}
	if err := o.Runtime.Wait(ctx); err != nil {
		return fmt.Errorf("wait for containerd: %w", err)
	}
	group.Go("kubelet", func(ctx context.Context) error {
		return kubelet.Run(ctx, kubelet.Options{Node: o.Node, Server: o.Server, CA: o.CA})
	})
	group.Check("kubelet", kubelet.Check)
	group.Check("node", func(ctx context.Context) error { return checkReady(ctx, o.Client, o.Node.Name, begin) })
	return waitPods(ctx, o)
}

func startProxy(group *component.Group, o Options) {
	var synced outcome
	group.Go("proxy", func(ctx context.Context) error {
		return proxy.Run(ctx, o.Client, proxy.Options{
			NodeName: o.Node.Name, NodeIP: o.Node.IP, PodCIDR: o.Node.PodCIDR(), Log: o.Log, OnSync: synced.set,
		})
	})
	group.Check("proxy", synced.get)
}

// outcome is how the last of several attempts ended.
type outcome struct {
	mu        sync.Mutex
	attempted bool
	err       error
}

func (o *outcome) set(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.attempted, o.err = true, err
}

func (o *outcome) get(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.attempted {
		return errors.New("no attempt yet")
	}
	return o.err
}

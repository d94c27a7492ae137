package server

import (
	"context"
	"fmt"
	"net/url"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	"go.etcd.io/etcd/server/v3/storage/wal"

	"labctl.dev/labctl/cmd/labkube/layout"
)

// etcd is the cluster's store, a single member.
type etcd struct {
	server   *embed.Etcd
	client   *clientv3.Client // in process, past the socket
	endpoint string
}

// startEtcd returns once the store takes writes.
func startEtcd(ctx context.Context, node layout.Node) (*etcd, error) {
	client := &url.URL{Scheme: "unix", Path: node.Run("etcd.sock")}
	peer := &url.URL{Scheme: "unix", Path: node.Run("etcd-peer.sock")}

	// Logs of 64 MB, made of zeroes at every start, suit a data centre.
	wal.SegmentSizeBytes = 4 << 20

	c := embed.NewConfig()
	c.Dir = node.Data("etcd")
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	// The only member wins every election; these are the waits before it stands.
	c.TickMs, c.ElectionMs = 20, 100
	c.SnapshotCount = 2000
	c.MaxSnapFiles, c.MaxWalFiles = 1, 1
	c.MaxTxnOps = 1024 // reset puts many keys back at once
	c.LogLevel = "error"
	c.EnableGRPCGateway = false

	server, err := embed.StartEtcd(c)
	if err != nil {
		return nil, fmt.Errorf("start etcd in %s: %w", c.Dir, err)
	}
	select {
	case <-server.Server.ReadyNotify():
	case err := <-server.Err():
		return nil, fmt.Errorf("start etcd in %s: %w", c.Dir, err)
	case <-ctx.Done():
		server.Close()
		return nil, context.Cause(ctx)
	}
	return &etcd{server: server, client: v3client.New(server.Server), endpoint: client.String()}, nil
}

// run blocks until ctx ends, then stops the store.
func (e *etcd) run(ctx context.Context) error {
	select {
	case err := <-e.server.Err():
		return err
	case <-ctx.Done():
		// What was acknowledged is on disk already; a polite farewell to the
		// API server's watches would take seconds.
		e.server.Server.HardStop()
		return nil
	}
}

// check reads past all caches: it fails unless the store has a leader.
func (e *etcd) check(ctx context.Context) error {
	_, err := e.client.Get(ctx, "health")
	return err
}

package nodereset

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/cmd/labkube/cluster"
	"labctl.dev/labctl/cmd/labkube/layout"
	"labctl.dev/labctl/cmd/labkube/reset"
	"labctl.dev/labctl/cmd/labkube/volume"
)

// Where kubeadm puts things on the control plane's node.
const (
	store    = "https://127.0.0.1:2379"
	storePKI = "/etc/kubernetes/pki/etcd"
	// superAdmin needs no role, which a learner can remove.
	superAdmin = "/etc/kubernetes/super-admin.conf"
	// storePatience bounds the wait for a store that does not answer.
	storePatience = 5 * time.Second
)

// withCluster connects to the cluster whose control plane this node holds.
func withCluster(ctx context.Context, node layout.Node, log *slog.Logger, do func(*reset.Resetter) error) error {
	tls, err := transport.TLSInfo{
		TrustedCAFile: filepath.Join(storePKI, "ca.crt"),
		CertFile:      filepath.Join(storePKI, "healthcheck-client.crt"),
		KeyFile:       filepath.Join(storePKI, "healthcheck-client.key"),
	}.ClientConfig()
	if err != nil {
		return fmt.Errorf("read the store's certificates: %w", err)
	}
	etcd, err := clientv3.New(clientv3.Config{Context: ctx, Endpoints: []string{store}, TLS: tls})
	if err != nil {
		return fmt.Errorf("connect to the store: %w", err)
	}
	defer func() { _ = etcd.Close() }() // what was written is written
	ask, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	if _, err := etcd.Get(ask, "health"); err != nil {
		return fmt.Errorf("the cluster's store does not answer: %w", err)
	}
	_, client, err := cluster.Connect(superAdmin)
	if err != nil {
		return err
	}
	volumes := volume.NewStore(node)
	return do(&reset.Resetter{
		Store: etcd, Client: client, Path: node.Baseline("registry"), Log: log, System: metav1.NamespaceSystem,
		// Of this node; labctl has asked the others before.
		Volumes: func(_ context.Context, order volume.Order, _ func(string) bool) error { return volumes.CarryOut(order) },
	})
}

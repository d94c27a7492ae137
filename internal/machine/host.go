//go:build linux

package machine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/machine/gateway"
	"labctl.dev/labctl/internal/node"
)

// Ledger is where a resource is written down before it is made. *ledger.Ledger
// is one.
type Ledger interface {
	Begin(ledger.Entry) (ledger.Token, error)
	End(ledger.Token) error
}

// Host is what the machines of one cluster share.
type Host struct {
	// Cluster is the id of what the machines belong to: the directory of their
	// cgroups, and a word of their command lines.
	Cluster     string
	Bin         string // the directory of labctl's helper binaries
	Log         *slog.Logger
	Ledger      Ledger
	Hierarchies []Hierarchy
	Gateway     *gateway.Gateway
}

const mtu = 1500

// NewHost looks for cgroups and starts the network. The caller closes it. The
// network forwards nothing to the networks inside, and finds the routes' behind
// the machines.
func NewHost(ctx context.Context, h Host, routes []gateway.Route) (*Host, error) {
	var err error
	if h.Hierarchies, err = FindHierarchies(MountInfo); err != nil {
		return nil, err
	}
	if lacking, err := LackingControllers(h.Hierarchies); err != nil {
		return nil, err
	} else if len(lacking) > 0 {
		lack := LackOfControllers(lacking)
		return nil, errors.New(lack.What + "; " + lack.Remedy)
	}
	cfg := gateway.Config{
		Log: h.Log, MTU: mtu, MAC: node.MAC(0), Prefix: node.GatewayPrefix(), Inside: node.ClusterNets(), Routes: routes, ResolvConf: "/etc/resolv.conf",
	}
	if h.Gateway, err = gateway.New(context.WithoutCancel(ctx), cfg); err != nil {
		return nil, err
	}
	return &h, nil
}

// Close ends the network. The machines have to be stopped and buried before.
func (h *Host) Close() { h.Gateway.Close() }

// note writes a resource down before it is made.
func (h *Host) note(kind, name string) (ledger.Token, error) {
	t, err := h.Ledger.Begin(ledger.Entry{Kind: kind, Name: name})
	if err != nil {
		return t, fmt.Errorf("note %s in the ledger: %w", name, err)
	}
	return t, nil
}

// LackOfControllers says what to do about cgroup controllers that are missing.
func LackOfControllers(lacking []string) node.Missing {
	return node.Missing{
		What:   "the cgroup controllers " + strings.Join(lacking, ", ") + " are missing",
		Remedy: "boot the kernel with: cgroup_enable=memory; in a container, mount /sys/fs/cgroup and run it with --privileged",
	}
}

// caFile finds the host's certificate authorities, where distributions put
// them. Without any, images cannot be pulled, and all else works.
func caFile() string {
	for _, path := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"} {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real
		}
	}
	return ""
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

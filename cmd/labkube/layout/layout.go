// Package layout names the addresses, ports and paths on which the parts of a
// node agree. Everything here is a pure function of the node's identity.
package layout

import (
	"fmt"
	"net/netip"
	"path/filepath"
)

// Addresses shared by all nodes of a cluster.
const (
	ServiceCIDR   = "10.96.0.0/16"
	ServiceIP     = "10.96.0.1"  // Service default/kubernetes
	DNSIP         = "10.96.0.10" // Service kube-system/kube-dns
	ClusterDomain = "cluster.local"
	ServerIP      = "10.98.0.11" // node 1, where the API server is
	APIPort       = 6443
	KubeletPort   = 10250
)

// Paths inside a node's root.
const (
	ContainerdSocket = "/run/containerd/containerd.sock"
	CNIConfDir       = "/etc/cni/net.d"
	RunDir           = "/run/labkube" // gone with the node
	ResolvConf       = "/etc/resolv.conf"
)

// Node is the identity of one node.
type Node struct {
	Name    string
	Index   int // 1 is the server
	IP      netip.Addr
	DataDir string // survives restarts of the node
}

// PodCIDR returns the node's share of the pod network.
func (n Node) PodCIDR() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 244, byte(n.Index), 0}), 24)
}

// PKIDir is shared by all nodes of the cluster.
func (n Node) PKIDir() string { return n.Data("pki") }

// Data returns a path below the node's data directory.
func (n Node) Data(elem ...string) string {
	return filepath.Join(append([]string{n.DataDir}, elem...)...)
}

// Baseline returns a path below the directory of what a reset goes back to.
func (n Node) Baseline(elem ...string) string {
	return filepath.Join(append([]string{n.Data("baseline")}, elem...)...)
}

// Run returns a path below the node's directory of things that need not last.
func (n Node) Run(elem ...string) string {
	return filepath.Join(append([]string{RunDir}, elem...)...)
}

// ServerURL is where processes on any node reach the API server.
func ServerURL() string { return fmt.Sprintf("https://%s:%d", ServerIP, APIPort) }

// LocalURL is where processes on the server's own node reach it.
func LocalURL() string { return fmt.Sprintf("https://127.0.0.1:%d", APIPort) }

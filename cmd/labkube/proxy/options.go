package proxy

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
)

// Options describe the node that Run works for.
type Options struct {
	NodeName string       // as in EndpointSlices; decides what is local
	NodeIP   netip.Addr   // the node's address on the machine network
	PodCIDR  netip.Prefix // addresses of the pods on this node
	Log      *slog.Logger // nil: silent

	// ClusterCIDR holds the pods of all nodes. Zero: 10.244.0.0/16.
	ClusterCIDR netip.Prefix
	// ServiceCIDR holds the cluster addresses. What has no Service there is
	// refused, and so never leaves the cluster. Zero: 10.96.0.0/16.
	ServiceCIDR netip.Prefix
	// MachineCIDR holds the nodes. Zero: the /24 of NodeIP.
	MachineCIDR netip.Prefix
	// Gateway is the one address of MachineCIDR that has no route to pods.
	// Zero: the first one.
	Gateway netip.Addr

	// RemoveOnExit makes Run remove its table when its context ends. By default
	// the rules stay, so that a restart of the process interrupts nobody.
	RemoveOnExit bool
	// OnSync, if set, is called after every attempt to program the kernel, from
	// one goroutine. The first call with nil means that Services work.
	OnSync func(error)
}

// node is what the rules need to know about the node.
type node struct {
	name                            string
	pods, cluster, services, subnet netip.Prefix
	gateway                         netip.Addr
	// bridged says that netfilter sees what crosses a bridge, so that replies
	// from a pod to its neighbour find their way back through the translation.
	bridged bool
}

func (o Options) node() (node, error) {
	switch {
	case o.NodeName == "":
		return node{}, errors.New("service proxy: NodeName is empty")
	case !o.NodeIP.Is4():
		return node{}, fmt.Errorf("service proxy: NodeIP %v is no IPv4 address", o.NodeIP)
	case !o.PodCIDR.Addr().Is4():
		return node{}, fmt.Errorf("service proxy: PodCIDR %v is no IPv4 network", o.PodCIDR)
	}
	n := node{
		name:     o.NodeName,
		pods:     o.PodCIDR.Masked(),
		cluster:  orPrefix(o.ClusterCIDR, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 244}), 16)),
		services: orPrefix(o.ServiceCIDR, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 96}), 16)),
		subnet:   orPrefix(o.MachineCIDR, netip.PrefixFrom(o.NodeIP, 24)),
		gateway:  o.Gateway,
	}
	if !n.gateway.IsValid() {
		n.gateway = n.subnet.Addr().Next()
	}
	return n, nil
}

func orPrefix(p, otherwise netip.Prefix) netip.Prefix {
	if p.IsValid() {
		return p.Masked()
	}
	return otherwise.Masked()
}

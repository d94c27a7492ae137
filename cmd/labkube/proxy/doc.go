// Package proxy makes Services work on one node: it watches Services and
// EndpointSlices and programs nf_tables through netlink, so that the node
// needs neither the nft nor the iptables program.
//
// It does what kube-proxy does, for IPv4, TCP and UDP:
//
//   - cluster addresses, node ports (on every local address, 127.0.0.1
//     included), external addresses and load balancer addresses;
//   - random balancing, ClientIP affinity, and the ready, serving and
//     terminating rules that make rolling updates lose nothing;
//   - internalTrafficPolicy and externalTrafficPolicy Local;
//   - an immediate refusal where there is no endpoint;
//   - masquerading: pods keep their address among pods and nodes, and leave the
//     cluster with the node's.
//
// Not done: IPv6, SCTP, topology hints, loadBalancerSourceRanges and the
// health check ports of load balancers.
//
// One sync goes through four steps, each in files of its own: Services and
// slices become ports (port.go, endpoints.go), ports become a ruleset
// (ruleset.go), the ruleset's difference from the last one becomes a netlink
// transaction (table.go, render.go), and UDP flows that point at gone
// endpoints are forgotten (conntrack.go). The first two are pure.
//
// All addresses and settings are those of the network namespace that the
// process is in.
package proxy

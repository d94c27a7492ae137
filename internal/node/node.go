// Package node is the contract between package machine, which starts a node of
// a cluster or of a Docker Engine, and labinit, the node's first process: what the node is told, what it
// reports, and the addresses both count on. initd is labinit's main work;
// applet holds the small programs it doubles as.
package node

import (
	"fmt"
	"net/netip"
)

// Config is what a node is told. It travels in the environment variable
// ConfigEnv, as JSON.
type Config struct {
	Cluster string `json:"cluster"` // the cluster's id
	Name    string `json:"name"`    // the node's name and hostname
	Index   int    `json:"index"`   // from 1; it decides the addresses
	Role    Role   `json:"role"`

	// Directories of the host that the node sees: as /bin (read-only), /node and
	// /node/pki.
	Bin  string `json:"bin"`
	Data string `json:"data"`
	PKI  string `json:"pki,omitempty"`
	// Binds are directories of the host that the node sees under the same path.
	Binds []string `json:"binds,omitempty"`
	// CAFile is the host's bundle of certificate authorities; empty for none.
	CAFile string `json:"caFile,omitempty"`

	Cgroups []Cgroup `json:"cgroups"`
	MTU     int      `json:"mtu"`
}

// Cgroup is the directory that is the node's part of one cgroup hierarchy.
type Cgroup struct {
	Dir string `json:"dir"`
	// V1 names the hierarchy of version 1 as its mount option does ("memory",
	// "cpu,cpuacct", "name=systemd"); empty is version 2.
	V1 string `json:"v1,omitempty"`
}

// Role is what runs in a node.
type Role string

// The roles.
const (
	Server Role = "server" // a cluster's control plane, and pods
	Agent  Role = "agent"  // a cluster's worker
	Docker Role = "docker" // a Docker Engine
)

// ConfigEnv is the environment variable that carries the Config.
const ConfigEnv = "LABINIT_CONFIG"

// Descriptors that labinit inherits, beside standard input (whose end ends the
// node), standard output (events) and standard error (its log).
const (
	APIFD     = 3 // the API server's listener on the host; /dev/null on agents
	ControlFD = 4 // the control API's listener
	LinkFD    = 5 // the socket over which the node sends its network device
)

// Command is labinit's subcommand that makes it a node's first process. The
// cluster's id and the node's name follow, so that a process listing tells.
const Command = "node"

// ProbeCommand is labinit's subcommand that tries, in namespaces of its own,
// what a node needs of the kernel, and prints a JSON list of Missing.
const ProbeCommand = "probe"

// Missing is something that a node needs and this machine lacks.
type Missing struct {
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

// EventKind says what an Event reports.
type EventKind string

// The kinds of event.
const (
	Started EventKind = "started" // a component's process began
	Exited  EventKind = "exited"  // it ended and will be started again
	Failed  EventKind = "failed"  // it will not be started again; the node ends
	Booted  EventKind = "booted"  // the node's namespaces are ready
)

// Event is one line of labinit's standard output, as JSON.
type Event struct {
	Event     EventKind `json:"event"`
	Component string    `json:"component"`
	PID       int       `json:"pid,omitempty"`
	Restarts  int       `json:"restarts,omitempty"`
	Error     string    `json:"error,omitempty"`
	// Log is the end of what an exited component said.
	Log []string `json:"log,omitempty"`
	// Millis is the time since labinit began.
	Millis int64 `json:"ms"`
}

// MaxNodes is how many nodes the address plan and the names allow.
const MaxNodes = 3

// Name returns the name of node i, counted from 1.
func Name(i int) string {
	switch i {
	case 1:
		return "lab-control-plane"
	case 2:
		return "lab-worker"
	}
	return fmt.Sprintf("lab-worker%d", i-1)
}

// Gateway is the address of the user-space gateway; it answers DNS, too.
func Gateway() netip.Addr { return netip.AddrFrom4([4]byte{10, 98, 0, 1}) }

// MachineNet is the network that joins a cluster's nodes.
func MachineNet() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 98, 0, 0}), 24) }

// MachineIP is the address of node i.
func MachineIP(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 98, 0, byte(10 + i)}) }

// PodNet is the network of node i's pods.
func PodNet(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 244, byte(i), 0}), 24)
}

// DockerNet is where a Docker Engine's networks get their addresses from.
func DockerNet() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 99, 0, 0}), 16) }

// DockerBridge is the engine's own address on its default network.
func DockerBridge() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 99, 0, 1}), 24) }

// ClusterNets are the networks that never leave the cluster: machines, pods,
// services.
func ClusterNets() []netip.Prefix {
	return []netip.Prefix{
		MachineNet(),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 244, 0, 0}), 16),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 96, 0, 0}), 16),
	}
}

// MAC is the hardware address of node i's network device; 0 is the gateway's.
func MAC(i int) [6]byte { return [6]byte{0x02, 'l', 'a', 'b', 0, byte(i)} }

// GatewayPrefix is the gateway's address with the size of its network.
func GatewayPrefix() netip.Prefix { return netip.PrefixFrom(Gateway(), MachineNet().Bits()) }

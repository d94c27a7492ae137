// Package gateway is the network of a cluster's machines, all of it in user
// space: a switch that joins the nodes' network devices, and a router that
// gives them TCP, UDP and DNS through this process's own sockets. The host
// gets no route, no rule, no interface; when the host has no network, nodes
// are refused at once instead of left waiting.
//
// Nodes reach what a machine next to this one could reach, except the host's
// loopback and link-local addresses (where clouds keep their secrets).
package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// Config is the address plan of a cluster's network.
type Config struct {
	Log *slog.Logger
	MTU int
	// MAC and Prefix are the gateway's own addresses on the nodes' network.
	MAC    [6]byte
	Prefix netip.Prefix
	// Routes lead to the networks behind nodes.
	Routes []Route
	// Inside are the networks that nothing is forwarded to.
	Inside []netip.Prefix
	// ResolvConf is the file that names the host's resolvers.
	ResolvConf string
}

// Route leads to a network behind a node.
type Route struct {
	Net netip.Prefix
	Via netip.Addr
}

// Gateway is a running network. It costs nothing while nobody sends.
type Gateway struct {
	cfg   Config
	stack *stack.Stack
	net   *network

	dial func(ctx context.Context, network, address string) (net.Conn, error)
	dns  *relay
	// tcp and udp are the connections and exchanges with the world.
	tcp, udp slots
	// life ends with Close; everything that is being forwarded ends with it.
	life context.Context
	end  context.CancelFunc

	mu     sync.Mutex
	closed bool
	open   sync.WaitGroup
}

// New starts a network without nodes. The caller closes it; it also ends with
// ctx.
func New(ctx context.Context, cfg Config) (*Gateway, error) {
	g := &Gateway{cfg: cfg, net: newNetwork(cfg.MAC, cfg.Prefix.Addr()), tcp: make(slots, maxTCP), udp: make(slots, maxUDP)}
	g.life, g.end = context.WithCancel(ctx)
	g.dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	g.dns = &relay{resolvConf: cfg.ResolvConf, dial: g.dial}
	if err := g.startStack(); err != nil {
		g.end()
		return nil, fmt.Errorf("start the user-space network: %w", err)
	}
	if err := g.serveDNS(); err != nil {
		g.Close()
		return nil, fmt.Errorf("answer DNS on the user-space network: %w", err)
	}
	return g, nil
}

// Attach joins a node by the other end of its TAP device, which the gateway
// closes when the node or the gateway ends. A node attached under the same
// hardware address before is replaced.
func (g *Gateway) Attach(mac [6]byte, tap *os.File) {
	g.net.attach(mac, tap)
	joined := g.spawn(func() {
		// The device reads as ended when the node's network namespace is gone.
		err := g.net.receive(tap)
		g.net.detach(mac, tap)
		g.cfg.Log.Debug("node left the network", "mac", net.HardwareAddr(mac[:]).String(), "reason", err)
	})
	if !joined {
		g.net.detach(mac, tap)
	}
}

// spawn runs f on its own, unless the gateway is closed. Close waits for it.
func (g *Gateway) spawn(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.open.Go(f)
	return true
}

// Close ends the network and everything that goes through it.
func (g *Gateway) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.end()
	g.net.close()
	g.stack.Destroy()
	g.open.Wait()
}

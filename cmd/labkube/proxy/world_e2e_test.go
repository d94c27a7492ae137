//go:build e2e

package proxy

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// world is a node with a pod bridge, another node, and an outside:
//
//	pods 10.244.1.x - cni0 [node 10.98.0.11] eth0 - lan - node2 10.98.0.12 with pods 10.244.2.x
//	                                                 |- outside 10.98.0.1 and 203.0.113.1
type world struct {
	t              *testing.T
	node           place // this process's namespace
	node2, outside place
}

// place is a network namespace with a name and an address.
type place struct {
	name string
	addr netip.Addr
	ns   netns.NsHandle // -1: the process's own
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, node: place{"node", netip.MustParseAddr("10.98.0.11"), -1}}
	w.outside = w.place("outside", "10.98.0.1")
	w.node2 = w.place("node2", "10.98.0.12")

	here := w.handle(w.node)
	w.up(here, "lo")
	w.bridge(here, "cni0", "10.244.1.1/24")
	lan := w.handle(w.outside)
	w.bridge(lan, "lan", "10.98.0.1/24")
	w.address(lan, "lo", "203.0.113.1/32")

	w.veth(w.node, "eth0", "10.98.0.11/24", lan, "lan", "port1", false)
	w.veth(w.node2, "eth0", "10.98.0.12/24", lan, "lan", "port2", false)
	w.route(here, "10.244.2.0/24", "10.98.0.12")
	w.route(here, "0.0.0.0/0", "10.98.0.1")
	w.route(w.handle(w.node2), "10.244.1.0/24", "10.98.0.11")
	w.route(w.handle(w.node2), "0.0.0.0/0", "10.98.0.1")
	t.Cleanup(func() { w.remove(here, "cni0") })
	w.warm(w.node, "10.98.0.1")
	w.warm(w.node2, "10.98.0.1")
	return w
}

// pod adds a pod to the node, at 10.244.1.host.
func (w *world) pod(name string, host int) place {
	w.t.Helper()
	p := w.place(name, fmt.Sprintf("10.244.1.%d", host))
	w.veth(p, "eth0", fmt.Sprintf("10.244.1.%d/24", host), w.handle(w.node), "cni0", fmt.Sprintf("veth%d", host), true)
	w.route(w.handle(p), "0.0.0.0/0", "10.244.1.1")
	w.warm(p, "10.244.1.1")
	return p
}

// warm waits until the place reaches its neighbour: a new bridge port forwards
// only after the kernel has noticed its carrier, and loses what comes before.
func (w *world) warm(p place, neighbour string) {
	w.t.Helper()
	for range 5 {
		_, err := p.dial("tcp4", neighbour+":1")
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
	}
	w.t.Fatalf("%s does not reach %s", p.name, neighbour)
}

// remotePod adds a pod to node2, at 10.244.2.host.
func (w *world) remotePod(name string, host int) place {
	w.t.Helper()
	addr := fmt.Sprintf("10.244.2.%d", host)
	w.address(w.handle(w.node2), "lo", addr+"/32")
	return place{name, netip.MustParseAddr(addr), w.node2.ns}
}

func (w *world) place(name, addr string) place {
	w.t.Helper()
	var p place
	errs := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			p.ns, err = netns.Get()
		}
		errs <- err
	}()
	w.must(<-errs)
	p.name, p.addr = name, netip.MustParseAddr(addr)
	w.t.Cleanup(func() { _ = p.ns.Close() })
	w.up(w.handle(p), "lo")
	return p
}

// do runs fn on a thread that is in the place. Sockets that fn opens stay there.
func (p place) do(fn func() error) error {
	if p.ns == -1 {
		return fn()
	}
	errs := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := netns.Set(p.ns)
		if err == nil {
			err = fn()
		}
		errs <- err
	}()
	return <-errs
}

func (w *world) handle(p place) *netlink.Handle {
	w.t.Helper()
	h, err := netlink.NewHandle()
	if p.ns != -1 {
		h, err = netlink.NewHandleAt(p.ns)
	}
	w.must(err)
	w.t.Cleanup(h.Close)
	return h
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) link(h *netlink.Handle, name string) netlink.Link {
	w.t.Helper()
	l, err := h.LinkByName(name)
	w.must(err)
	return l
}

func (w *world) up(h *netlink.Handle, name string) { w.must(h.LinkSetUp(w.link(h, name))) }

func (w *world) remove(h *netlink.Handle, name string) { w.must(h.LinkDel(w.link(h, name))) }

func (w *world) address(h *netlink.Handle, name, addr string) {
	w.t.Helper()
	a, err := netlink.ParseAddr(addr)
	w.must(err)
	w.must(h.AddrAdd(w.link(h, name), a))
	w.must(h.LinkSetUp(w.link(h, name)))
}

func (w *world) bridge(h *netlink.Handle, name, addr string) {
	w.t.Helper()
	w.must(h.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}}))
	w.address(h, name, addr)
}

func (w *world) route(h *netlink.Handle, to, via string) {
	w.t.Helper()
	_, dst, err := net.ParseCIDR(to)
	w.must(err)
	w.must(h.RouteAdd(&netlink.Route{Dst: dst, Gw: net.ParseIP(via)}))
}

// veth joins a place to a bridge, as the bridge plugin does.
func (w *world) veth(p place, dev, addr string, h *netlink.Handle, bridge, port string, hairpin bool) {
	w.t.Helper()
	peer := p.ns
	if peer == -1 {
		self, err := netns.Get()
		w.must(err)
		defer self.Close()
		peer = self
	}
	w.must(h.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: port}, PeerName: dev, PeerNamespace: netlink.NsFd(peer),
	}))
	w.t.Cleanup(func() { w.remove(h, port) }) // namespaces die late, with what is in them
	w.must(h.LinkSetMaster(w.link(h, port), w.link(h, bridge)))
	if hairpin {
		w.must(h.LinkSetHairpin(w.link(h, port), true))
	}
	w.up(h, port)
	w.address(w.handle(p), dev, addr)
}

// sysctl writes a kernel parameter of the node, and undoes it.
func (w *world) sysctl(name, value string) {
	w.t.Helper()
	path := "/proc/sys/" + name
	old, err := os.ReadFile(path)
	w.must(err)
	w.must(os.WriteFile(path, []byte(value), 0))
	w.t.Cleanup(func() { w.must(os.WriteFile(path, old, 0)) })
}

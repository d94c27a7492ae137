//go:build linux

package initd

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"labctl.dev/labctl/internal/node"
)

const linkName = "eth0"

// setUpNetwork gives the node its network device, the other end of which goes
// to the engine, and the routes to the world and to the other nodes' pods.
func setUpNetwork(cfg node.Config) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find the loopback device: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("bring up the loopback device: %w", err)
	}
	if err := makeLink(cfg); err != nil {
		return err
	}
	if err := addRoutes(cfg.Index); err != nil {
		return err
	}
	if err := setNetworkTunables(); err != nil || cfg.Role != node.Docker {
		return err
	}
	return openLoopback(cfg.Index)
}

// makeLink makes eth0 and hands its other end to the engine.
func makeLink(cfg node.Config) error {
	tap, err := openTap("/dev/net/tun", linkName)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(tap) }()
	link, err := netlink.LinkByName(linkName)
	if err != nil {
		return fmt.Errorf("find the node's network device: %w", err)
	}
	mac := node.MAC(cfg.Index)
	addr := &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(node.MachineIP(cfg.Index), node.MachineNet().Bits()))}
	for _, step := range []error{
		netlink.LinkSetHardwareAddr(link, mac[:]),
		netlink.LinkSetMTU(link, cfg.MTU),
		netlink.AddrAdd(link, addr),
		netlink.LinkSetUp(link),
	} {
		if step != nil {
			return fmt.Errorf("set up the node's network device: %w", step)
		}
	}
	if err := unix.Sendmsg(node.LinkFD, []byte{byte(cfg.Index)}, unix.UnixRights(tap), nil, 0); err != nil {
		return fmt.Errorf("hand the network device to the engine: %w", err)
	}
	return nil
}

// openTap makes a network device whose frames are read and written through the
// descriptor returned. Opening the device node makes the kernel load its driver.
func openTap(device, name string) (int, error) {
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return -1, fmt.Errorf("open the device for TAP (load the module with: modprobe tun; in a container, pass --device /dev/net/tun): %w", err)
	}
	req, err := unix.NewIfreq(name)
	if err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	req.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("make the network device %s (labctl needs CAP_NET_ADMIN): %w", name, err)
	}
	return fd, nil
}

// addRoutes adds the default route and those to the pods of the other nodes,
// whether these exist or not.
func addRoutes(index int) error {
	routes := []*netlink.Route{{Gw: node.Gateway().AsSlice()}}
	for i := 1; i <= node.MaxNodes; i++ {
		if i != index {
			routes = append(routes, &netlink.Route{Dst: ipNet(node.PodNet(i)), Gw: node.MachineIP(i).AsSlice()})
		}
	}
	for _, r := range routes {
		if err := netlink.RouteAdd(r); err != nil {
			return fmt.Errorf("add the route %v: %w", r, err)
		}
	}
	return nil
}

// setNetworkTunables sets what a node that forwards its pods' packets needs.
// These settings are the network namespace's own.
func setNetworkTunables() error {
	for _, t := range []struct{ name, value string }{
		{"ipv4/ip_forward", "1"},
		{"ipv4/conf/all/rp_filter", "0"},
		{"ipv4/conf/default/rp_filter", "0"},
		// Replies between two pods on one bridge must pass the rules of Services.
		{"bridge/bridge-nf-call-iptables", "1"},
		// Nodes and pods speak IPv4; without this, each waits for router
		// advertisements that nobody sends.
		{"ipv6/conf/all/accept_ra", "0"},
		{"ipv6/conf/default/accept_dad", "0"},
	} {
		err := os.WriteFile(filepath.Join("/proc/sys/net", t.name), []byte(t.value), 0)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("set net/%s: %w", t.name, err)
		}
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

//go:build linux

package initd

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"labctl.dev/labctl/internal/node"
)

// Probe tries what a node needs of the kernel, by doing it, and prints what is
// missing. It has to run in mount and network namespaces of its own, where all
// it makes ends with it.
func Probe() int {
	runtime.LockOSThread()
	missing := []node.Missing{}
	for _, t := range []struct {
		try    func() error
		what   string
		remedy string
	}{
		{tryMounts, "the kernel does not let labctl mount", "run labctl as root on the machine itself, or in a privileged container"},
		{tryTap, "the kernel has no TAP devices", "load it with: modprobe tun; in a container, pass --device /dev/net/tun"},
		{tryLinks, "the kernel has no bridge or veth devices", "load them with: modprobe bridge && modprobe veth"},
		{tryNFTables, "the kernel has no nf_tables, which Services need", "load it with: modprobe nf_tables && modprobe nft_chain_nat"},
		{tryWatchers, "the kernel's limit of file watchers (fs.inotify.max_user_instances) is reached", "raise it with: sysctl fs.inotify.max_user_instances=1024; or end another lab with: labctl stop"},
	} {
		if err := t.try(); err != nil {
			missing = append(missing, node.Missing{What: fmt.Sprintf("%s: %v", t.what, err), Remedy: t.remedy})
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(missing); err != nil {
		return 1
	}
	return 0
}

func tryMounts() error {
	if err := leaveChroot(); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount("tmpfs", newRoot, "tmpfs", 0, "size=64k")
}

// tryTap makes a device node of its own, as a node does: whether the host has
// one says little.
func tryTap() error {
	device := filepath.Join(newRoot, "tun")
	if err := unix.Mknod(device, unix.S_IFCHR|0o600, int(unix.Mkdev(tunMajor, tunMinor))); err != nil {
		return err
	}
	fd, err := openTap(device, "lab0")
	if err != nil {
		return errors.Unwrap(err)
	}
	return unix.Close(fd)
}

func tryLinks() error {
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "lab1"}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("bridge: %w", err)
	}
	veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "lab2"}, PeerName: "lab3"}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("veth: %w", err)
	}
	return nil
}

// watchers is how many inotify instances a node uses, and a few to spare. All
// programs of a user share what the kernel allows, 128 by default.
const watchers = 22

func tryWatchers() error {
	for range watchers {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(fd) }() // after the last, for they count together
	}
	return nil
}

// tryNFTables asks for the kernel's generation of the rule set, the question
// every nf_tables client begins with.
func tryNFTables() error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	return askGeneration(fd)
}

//go:build linux

package initd

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"labctl.dev/labctl/internal/node"
)

// openLoopback has what comes to the machine's address over TCP arrive at its
// loopback. What a learner publishes on 127.0.0.1 is meant for their own machine's,
// from where it comes: it is Docker that is elsewhere.
func openLoopback(index int) error {
	if err := os.WriteFile(filepath.Join("/proc/sys/net/ipv4/conf", linkName, "route_localnet"), []byte("1"), 0); err != nil {
		return fmt.Errorf("let packets in to the loopback: %w", err)
	}
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("reach the kernel's packet filter: %w", err)
	}
	table := conn.AddTable(&nftables.Table{Name: "labctl", Family: nftables.TableFamilyIPv4})
	chain := conn.AddChain(&nftables.Chain{
		Name: "published", Table: table, Type: nftables.ChainTypeNAT, Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityNATDest,
	})
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: toLoopback(node.MachineIP(index))})
	if err := conn.Flush(); err != nil {
		err = fmt.Errorf("lead published ports to the loopback: %w", err)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) {
			err = fmt.Errorf("%w (load the module with: modprobe nft_chain_nat)", err)
		}
		return err
	}
	return nil
}

// toLoopback is: iifname eth0 ip daddr ADDRESS meta l4proto tcp dnat to 127.0.0.1.
func toLoopback(address netip.Addr) []expr.Any {
	const destination = 16 // in the IPv4 header; RFC 791
	device := make([]byte, unix.IFNAMSIZ)
	copy(device, linkName)
	equal := func(value []byte) expr.Any { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: value} }
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1}, equal(device),
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: destination, Len: 4}, equal(address.AsSlice()),
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal([]byte{unix.IPPROTO_TCP}),
		&expr.Immediate{Register: 1, Data: []byte{127, 0, 0, 1}},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1},
	}
}

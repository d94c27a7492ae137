//go:build linux

package applet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// natTable is the table that stands for iptables' nat.
const natTable = "nat"

// run does what the call asks, in the network namespace it is called in.
func (c natCall) run() error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("reach the kernel's packet filter: %w", err)
	}
	table := &nftables.Table{Name: natTable, Family: nftables.TableFamilyIPv4}
	chain := hooked(table, c.chain)
	switch c.action {
	case 'C':
		return findRule(conn, chain, c.rule)
	case 'F':
		conn.FlushChain(chain)
	case 'N':
		conn.AddTable(table)
		conn.AddChain(chain)
	default:
		conn.AddTable(table)
		conn.AddChain(chain)
		rule := &nftables.Rule{Table: table, Chain: chain, Exprs: c.rule.expressions(), UserData: []byte(c.rule.String())}
		if c.action == 'I' {
			conn.InsertRule(rule)
		} else {
			conn.AddRule(rule)
		}
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("change the chain %s: %w", c.chain, err)
	}
	return nil
}

// hooked is a chain as it is made: iptables' own ones see packets by themselves.
func hooked(table *nftables.Table, name string) *nftables.Chain {
	chain := &nftables.Chain{Name: name, Table: table}
	switch name {
	case "OUTPUT":
		chain.Type, chain.Hooknum, chain.Priority = nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest
	case "PREROUTING":
		chain.Type, chain.Hooknum, chain.Priority = nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest
	case "POSTROUTING":
		chain.Type, chain.Hooknum, chain.Priority = nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource
	}
	return chain
}

func findRule(conn *nftables.Conn, chain *nftables.Chain, wanted natRule) error {
	rules, err := conn.GetRules(chain.Table, chain)
	if err != nil {
		return fmt.Errorf("read the chain %s: %w", chain.Name, err)
	}
	if !slices.ContainsFunc(rules, func(r *nftables.Rule) bool { return string(r.UserData) == wanted.String() }) {
		return errors.New("no such rule")
	}
	return nil
}

// Where a packet keeps what rules look at, in bytes; see RFC 791 and RFC 768.
const (
	sourceAddress      = 12
	destinationAddress = 16
	sourcePortAt       = 0
	destinationPortAt  = 2
)

func (r natRule) expressions() []expr.Any {
	var all []expr.Any
	if r.source.IsValid() {
		all = append(all, compare(expr.PayloadBaseNetworkHeader, sourceAddress, r.source.AsSlice())...)
	}
	if r.destination.IsValid() {
		all = append(all, compare(expr.PayloadBaseNetworkHeader, destinationAddress, r.destination.AsSlice())...)
	}
	if r.protocol != "" {
		number := map[string]byte{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP}[r.protocol]
		all = append(all, &expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal([]byte{number}))
	}
	if r.sourcePort != 0 {
		all = append(all, compare(expr.PayloadBaseTransportHeader, sourcePortAt, wire(r.sourcePort))...)
	}
	if r.destinationPort != 0 {
		all = append(all, compare(expr.PayloadBaseTransportHeader, destinationPortAt, wire(r.destinationPort))...)
	}
	switch r.target {
	case "DNAT":
		return append(all, translate(expr.NATTypeDestNAT, r.to)...)
	case "SNAT":
		return append(all, translate(expr.NATTypeSourceNAT, r.to)...)
	default:
		return append(all, &expr.Verdict{Kind: expr.VerdictJump, Chain: r.target})
	}
}

func compare(base expr.PayloadBase, offset uint32, value []byte) []expr.Any {
	return []expr.Any{&expr.Payload{DestRegister: 1, Base: base, Offset: offset, Len: uint32(len(value))}, equal(value)}
}

func equal(value []byte) expr.Any {
	return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: value}
}

// translate gives packets another address, if there is one, and another port.
func translate(kind expr.NATType, to netip.AddrPort) []expr.Any {
	nat := &expr.NAT{Type: kind, Family: unix.NFPROTO_IPV4, RegProtoMin: 2, Specified: true}
	var all []expr.Any
	if to.Addr().IsValid() {
		all = append(all, &expr.Immediate{Register: 1, Data: to.Addr().AsSlice()})
		nat.RegAddrMin = 1
	}
	return append(all, &expr.Immediate{Register: 2, Data: wire(to.Port())}, nat)
}

func wire(port uint16) []byte { return binary.BigEndian.AppendUint16(nil, port) }

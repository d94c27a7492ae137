//go:build linux

package applet

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// natCall is one call of iptables(8), understood. Docker's resolver makes a
// handful of them in each container's network namespace, so that what the
// container asks 127.0.0.11 reaches the engine.
type natCall struct {
	action byte   // N, F, C, I, A: as the options -N, -F, …
	chain  string // the one that is made, emptied, asked or added to
	rule   natRule
}

// natRule is what a packet has to look like and what becomes of it. Empty
// fields are not looked at.
type natRule struct {
	source, destination         netip.Addr
	protocol                    string // tcp or udp
	sourcePort, destinationPort uint16
	target                      string // DNAT, SNAT or the name of a chain
	to                          netip.AddrPort
}

// IPTables is iptables(8) as far as Docker calls it when it is told to leave the
// host's packet filter alone: rules of the table nat, for IPv4. It writes them as
// nf_tables, over netlink.
func IPTables(args []string) int {
	call, err := parseIPTables(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "iptables:", err)
		return 2
	}
	if err := call.run(); err != nil {
		fmt.Fprintln(os.Stderr, "iptables:", err)
		return 1
	}
	return 0
}

func parseIPTables(args []string) (natCall, error) {
	var call natCall
	table := "filter"
	for len(args) > 0 {
		name := args[0]
		args = args[1:]
		if name == "--wait" || name == "-w" {
			continue
		}
		if len(args) == 0 {
			return call, fmt.Errorf("%s needs a value", name)
		}
		value := args[0]
		args = args[1:]
		var err error
		switch name {
		case "-t":
			table = value
		case "-N", "-F", "-C", "-I", "-A":
			call.action, call.chain = name[1], value
		default:
			err = call.rule.set(name, value)
		}
		if err != nil {
			return call, fmt.Errorf("%s %s: %w", name, value, err)
		}
	}
	if table != "nat" || call.action == 0 {
		return call, errors.New("this one can only make rules of the table nat")
	}
	return call, nil
}

func (r *natRule) set(option, value string) (err error) {
	switch option {
	case "-s":
		r.source, err = netip.ParseAddr(value)
	case "-d":
		r.destination, err = netip.ParseAddr(value)
	case "-p":
		r.protocol = value
		if value != "tcp" && value != "udp" {
			err = errors.New("neither tcp nor udp")
		}
	case "--sport":
		r.sourcePort, err = parsePort(value)
	case "--dport":
		r.destinationPort, err = parsePort(value)
	case "-j":
		r.target = value
	case "--to-destination", "--to-source":
		r.to, err = parseTarget(value)
	default:
		err = errors.New("not an option of this one")
	}
	return err
}

func parsePort(text string) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	return uint16(port), err
}

// parseTarget reads ADDRESS:PORT, where the address may be missing.
func parseTarget(text string) (netip.AddrPort, error) {
	if port, found := strings.CutPrefix(text, ":"); found {
		n, err := parsePort(port)
		return netip.AddrPortFrom(netip.Addr{}, n), err
	}
	return netip.ParseAddrPort(text)
}

// String is the rule in words that two rules share only if they are the same.
func (r natRule) String() string {
	return fmt.Sprintf("%v %v %s %d %d %s %v", r.source, r.destination, r.protocol, r.sourcePort, r.destinationPort, r.target, r.to)
}

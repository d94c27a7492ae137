package proxy

import (
	"net/netip"
	"slices"
)

// frontend is where clients send to. Without an address it is a node port.
type frontend struct {
	addr  netip.Addr
	proto protocol
	port  uint16
}

// origin says which clients a rule is for.
type origin int

const (
	anyone origin = iota
	pods          // those of this node
	others        // everyone but the pods of this node
	host          // processes on the node itself
)

// rule is one rule of a Service's chain: who it is for, then what is done.
type rule struct {
	from  origin
	known string // only clients remembered in this affinity set

	masquerade bool             // the endpoint shall see the node's address
	remember   string           // put the client in this affinity set
	chains     []string         // go on in one of these, at random
	targets    []netip.AddrPort // or send the connection to one of these, at random
}

func (r rule) equal(o rule) bool {
	return r.from == o.from && r.known == o.known &&
		r.masquerade == o.masquerade && r.remember == o.remember &&
		slices.Equal(r.chains, o.chains) && slices.Equal(r.targets, o.targets)
}

package proxy

import (
	"fmt"
	"net/netip"
	"time"
)

// Chains that end a connection instead of translating it.
const (
	chainReject = "reject" // at once: TCP reset or port unreachable
	chainDrop   = "drop"   // silently, as Kubernetes does where only the policy forbids
)

// The verdict maps: frontend to chain.
const (
	mapServices  = "services"
	mapNodePorts = "node-ports"
	mapRefused   = "refused"
	mapRefusedNP = "refused-node-ports"
)

// verdictMaps lists them in the order they are made.
func verdictMaps() []string {
	return []string{mapServices, mapNodePorts, mapRefused, mapRefusedNP}
}

// ruleset is the part of the kernel's table that depends on Services. It is
// plain data: two of them can be compared, and tests can walk one.
type ruleset struct {
	chains   map[string][]rule
	verdicts map[string]map[frontend]string // by map name
	affinity map[string]time.Duration       // sets of clients, and how long they stay
	hairpin  map[netip.Addr]bool            // pods of this node that may reach themselves
}

func newRuleset() ruleset {
	rs := ruleset{
		chains:   map[string][]rule{},
		verdicts: map[string]map[frontend]string{},
		affinity: map[string]time.Duration{},
		hairpin:  map[netip.Addr]bool{},
	}
	for _, name := range verdictMaps() {
		rs.verdicts[name] = map[frontend]string{}
	}
	return rs
}

// rulesetOf returns what the kernel must hold for the ports on the node.
func rulesetOf(ports []port, n node) ruleset {
	rs := newRuleset()
	for _, p := range ports {
		rs.addCluster(p)
		rs.addOutside(p)
		for _, t := range p.all {
			if n.pods.Contains(t.Addr()) {
				rs.hairpin[t.Addr()] = true
			}
		}
	}
	return rs
}

// addCluster serves clients of the cluster address. Pods keep their own address.
func (rs ruleset) addCluster(p port) {
	chain := "cluster/" + p.name
	f := frontend{p.cluster, p.proto, p.number}
	rs.verdict(f, chain, p.internal(), p.all)
	if eps := p.internal(); len(eps) > 0 {
		rs.chains[chain] = append([]rule{{from: others, masquerade: true}}, rs.balance(p, eps)...)
	}
}

// addOutside serves clients of all other addresses. The endpoint sees the
// node's address, so that replies come back this way; under the Local policy it
// sees the client's.
func (rs ruleset) addOutside(p port) {
	fs := p.frontends()[1:]
	if p.nodePort != 0 {
		fs = append(fs, frontend{proto: p.proto, port: p.nodePort})
	}
	if len(fs) == 0 {
		return
	}
	chain := "outside/" + p.name
	rules := rs.outsideRules(p)
	for _, f := range fs {
		// Under the Local policy, pods and the host still reach every endpoint.
		if len(rules) > 0 {
			rs.verdicts[mapOf(f, mapServices, mapNodePorts)][f] = chain
		}
		if len(p.outside()) == 0 {
			rs.verdicts[mapOf(f, mapRefused, mapRefusedNP)][f] = refusal(p.all)
		}
	}
	if len(rules) > 0 {
		rs.chains[chain] = rules
	}
}

func (rs ruleset) outsideRules(p port) []rule {
	if len(p.all) == 0 {
		return nil
	}
	if !p.externalLocal {
		return append([]rule{{masquerade: true}}, rs.balance(p, p.all)...)
	}
	inside := "inside/" + p.name
	rs.chains[inside] = rs.balance(p, p.all)
	rules := []rule{
		{from: pods, chains: []string{inside}},
		{from: host, masquerade: true},
		{from: host, chains: []string{inside}},
	}
	return append(rules, rs.balance(p, p.local)...)
}

// verdict sends the frontend's clients to the chain, or refuses them.
func (rs ruleset) verdict(f frontend, chain string, usable, all []netip.AddrPort) {
	if len(usable) > 0 {
		rs.verdicts[mapServices][f] = chain
		return
	}
	rs.verdicts[mapRefused][f] = refusal(all)
}

// refusal is the chain for clients that have no usable endpoint.
func refusal(all []netip.AddrPort) string {
	if len(all) > 0 {
		return chainDrop
	}
	return chainReject
}

func mapOf(f frontend, byAddr, byPort string) string {
	if f.addr.IsValid() {
		return byAddr
	}
	return byPort
}

// balance returns the rules that choose an endpoint, and adds the chains and
// sets they need. With affinity every endpoint has a set of its clients, which
// is named after it: an endpoint that comes or goes leaves the others' alone.
func (rs ruleset) balance(p port, eps []netip.AddrPort) []rule {
	if len(eps) == 0 {
		return nil
	}
	if p.affinity == 0 {
		return []rule{{targets: eps}}
	}
	var rules []rule
	var chains []string
	for _, ep := range eps {
		id := fmt.Sprintf("%s/%s/%d", p.name, ep.Addr(), ep.Port())
		chain, set := "endpoint/"+id, fmt.Sprintf("clients/%s/%d", id, int(p.affinity.Seconds()))
		rs.affinity[set] = p.affinity
		rs.chains[chain] = []rule{{remember: set, targets: []netip.AddrPort{ep}}}
		rules = append(rules, rule{known: set, chains: []string{chain}})
		chains = append(chains, chain)
	}
	return append(rules, rule{chains: chains})
}

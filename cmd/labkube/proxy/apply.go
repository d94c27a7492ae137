package proxy

import (
	"maps"
	"slices"

	"github.com/google/nftables"
)

// addBase adds what does not depend on Services to a new table.
func (b *batch) addBase(n node) {
	common := commonChains(n)
	names := slices.Sorted(maps.Keys(common))
	for _, name := range names {
		b.conn.AddChain(b.chain(name))
	}
	for _, name := range verdictMaps() {
		b.keep(b.conn.AddSet(b.verdictMap(name), nil))
	}
	b.keep(b.conn.AddSet(b.hairpinSet(), nil))
	for _, name := range names {
		for _, r := range common[name] {
			b.addRule(name, r)
		}
	}
	for _, h := range hooks(n) {
		b.conn.AddChain(&nftables.Chain{
			Table: b.table, Name: h.name, Type: h.kind, Hooknum: h.at, Priority: &h.priority,
		})
		for _, r := range h.rules {
			b.addRule(h.name, r)
		}
	}
}

// apply adds a change to the transaction, in the one order that the kernel
// takes: nothing may refer to what is not there yet, or no longer.
func (b *batch) apply(c change, n node) {
	for _, name := range c.addChains {
		b.conn.AddChain(b.chain(name))
	}
	for _, name := range slices.Sorted(maps.Keys(c.addSets)) {
		b.keep(b.conn.AddSet(b.affinitySet(name, c.to), nil))
	}
	for _, name := range verdictMaps() {
		b.deleteElements(b.verdictMap(name), keysOf(c.removeVerdicts[name]))
	}
	b.deleteElements(b.hairpinSet(), pairs(c.removeHairpin))

	for _, name := range slices.Concat(c.rewrite, c.removeChains) {
		if !slices.Contains(c.addChains, name) {
			b.conn.FlushChain(b.chain(name))
		}
	}
	for _, name := range c.rewrite {
		for _, r := range c.to.chains[name] {
			b.addRule(name, b.render(r, n))
		}
	}
	b.addElements(b.hairpinSet(), pairs(c.addHairpin))
	for _, name := range verdictMaps() {
		b.addElements(b.verdictMap(name), verdictElements(c.addVerdicts[name]))
	}

	for _, name := range c.removeChains {
		b.conn.DelChain(b.chain(name))
	}
	for _, name := range slices.Sorted(maps.Keys(c.removeSets)) {
		b.conn.DelSet(&nftables.Set{Table: b.table, Name: name})
	}
}

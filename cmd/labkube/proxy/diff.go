package proxy

import (
	"maps"
	"net/netip"
	"slices"
	"time"
)

// change is what turns one ruleset into another. Chains and sets that stay as
// they are do not appear: the kernel keeps their state, and a sync costs what
// has changed.
type change struct {
	to ruleset

	addChains, removeChains     []string
	rewrite                     []string // chains with new rules, added ones included
	addSets, removeSets         map[string]time.Duration
	addVerdicts, removeVerdicts map[string]map[frontend]string
	addHairpin, removeHairpin   map[netip.Addr]bool
}

func diff(from, to ruleset) change {
	c := change{
		to:             to,
		addSets:        entriesNotIn(from.affinity, to.affinity),
		removeSets:     entriesNotIn(to.affinity, from.affinity),
		addVerdicts:    map[string]map[frontend]string{},
		removeVerdicts: map[string]map[frontend]string{},
		addHairpin:     entriesNotIn(from.hairpin, to.hairpin),
		removeHairpin:  entriesNotIn(to.hairpin, from.hairpin),
	}
	for _, name := range slices.Sorted(maps.Keys(to.chains)) {
		old, known := from.chains[name]
		if !known {
			c.addChains = append(c.addChains, name)
		}
		if !known || !slices.EqualFunc(old, to.chains[name], rule.equal) {
			c.rewrite = append(c.rewrite, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(from.chains)) {
		if _, keep := to.chains[name]; !keep {
			c.removeChains = append(c.removeChains, name)
		}
	}
	for _, name := range verdictMaps() {
		c.addVerdicts[name] = entriesNotIn(from.verdicts[name], to.verdicts[name])
		c.removeVerdicts[name] = entriesNotIn(to.verdicts[name], from.verdicts[name])
	}
	return c
}

// empty says that there is nothing to do.
func (c change) empty() bool {
	n := len(c.rewrite) + len(c.removeChains) + len(c.addSets) + len(c.removeSets) +
		len(c.addHairpin) + len(c.removeHairpin)
	for _, name := range verdictMaps() {
		n += len(c.addVerdicts[name]) + len(c.removeVerdicts[name])
	}
	return n == 0
}

// entriesNotIn returns the entries of m that base lacks or has otherwise.
func entriesNotIn[K, V comparable](base, m map[K]V) map[K]V {
	out := map[K]V{}
	for k, v := range m {
		if old, ok := base[k]; !ok || old != v {
			out[k] = v
		}
	}
	return out
}

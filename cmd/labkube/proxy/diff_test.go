package proxy

import (
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

func rulesetFor(t *testing.T, services []*corev1.Service, eps ...*discoveryv1.EndpointSlice) ruleset {
	t.Helper()
	return rulesetOf(portsOf(services, eps, "node"), testNode(t))
}

func TestDiffOfTheSameIsEmpty(t *testing.T) {
	svcs := []*corev1.Service{service("a", "10.96.1.1", withAffinity(5)), service("b", "10.96.1.2", withNodePort(30080))}
	make := func() ruleset {
		return rulesetFor(t, svcs, slice("a", readyAt("10.244.1.6", "10.244.1.7")...), slice("b", readyAt("10.244.1.6")...))
	}
	if c := diff(make(), make()); !c.empty() {
		t.Errorf("%+v, want nothing", c)
	}
	if c := diff(newRuleset(), make()); c.empty() {
		t.Error("nothing, want everything")
	}
}

// What clients of one Service do is no business of a change to another, and an
// endpoint that comes or goes leaves the others' clients where they are.
func TestDiffTouchesOnlyWhatChanged(t *testing.T) {
	svcs := []*corev1.Service{service("a", "10.96.1.1", withAffinity(5)), service("b", "10.96.1.2")}
	b := slice("b", readyAt("10.244.1.6")...)
	before := rulesetFor(t, svcs, slice("a", readyAt("10.244.1.6", "10.244.1.7")...), b)
	after := rulesetFor(t, svcs, slice("a", readyAt("10.244.1.6", "10.244.1.8")...), b)
	c := diff(before, after)
	gone, come := "default/a/tcp/80/10.244.1.7/8080", "default/a/tcp/80/10.244.1.8/8080"
	for _, tc := range []struct {
		what      string
		got, want []string
	}{
		{"added chains", c.addChains, []string{"endpoint/" + come}},
		{"removed chains", c.removeChains, []string{"endpoint/" + gone}},
		{"rewritten chains", c.rewrite, []string{"cluster/default/a/tcp/80", "endpoint/" + come}},
		{"added sets", slices.Collect(maps.Keys(c.addSets)), []string{"clients/" + come + "/5"}},
		{"removed sets", slices.Collect(maps.Keys(c.removeSets)), []string{"clients/" + gone + "/5"}},
	} {
		if !slices.Equal(tc.got, tc.want) {
			t.Errorf("%s: %s, want %s", tc.what, strings.Join(tc.got, ", "), strings.Join(tc.want, ", "))
		}
	}
	for _, name := range verdictMaps() {
		if n := len(c.addVerdicts[name]) + len(c.removeVerdicts[name]); n != 0 {
			t.Errorf("%d entries of %s change, want none", n, name)
		}
	}
}

// A Service whose last endpoint goes moves from one map to the other.
func TestDiffMovesFrontends(t *testing.T) {
	svcs := []*corev1.Service{service("a", "10.96.1.1")}
	c := diff(rulesetFor(t, svcs, slice("a", readyAt("10.244.1.6")...)), rulesetFor(t, svcs))
	if len(c.removeVerdicts[mapServices]) != 1 || len(c.addVerdicts[mapRefused]) != 1 {
		t.Errorf("removed %v, added %v; want one each", c.removeVerdicts, c.addVerdicts)
	}
}

package diagnose

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"labctl.dev/labctl/internal/diagnose/near"
)

// selectorMismatch explains labels that no pod carries.
func (x explainer) selectorMismatch(who string, want map[string]string) []Cause {
	templates := x.templates()
	best := nearestTemplate(want, templates)
	if where := x.elsewhere(want); best == nil && len(where) > 0 {
		return []Cause{
			seen(WrongNamespace, "%s selects pods with %s, and there are none in namespace %s.", who, pairs(want), x.Namespace),
			look(WrongNamespace, "Pods with these labels run in namespace %s; a selector does not reach there.", and(where)),
		}
	}
	if len(templates) == 0 {
		return []Cause{seen(SelectorMismatch, "%s selects %s, but nothing in namespace %s runs pods.", who, pairs(want), x.Namespace)}
	}
	chain := []Cause{seen(SelectorMismatch, "%s selects pods with %s.", who, pairs(want))}
	if best == nil && len(templates) == 1 && len(templates[0].labels) > 0 {
		best = &templates[0]
	}
	if best == nil {
		return append(chain, look(SelectorMismatch, "No pod carries that. Compare: %s", x.kubectl("get pods --show-labels")))
	}
	return append(chain,
		look(SelectorMismatch, "The pods of %s %s carry %s. Compare: %s", best.kind, best.name, pairs(best.labels), x.kubectl("get pods --show-labels")),
		fix(SelectorMismatch, "Make them the same: %s.", difference(want, best.labels)))
}

// elsewhere lists the other namespaces that have pods with these labels.
func (x explainer) elsewhere(want map[string]string) []string {
	selector := labels.SelectorFromSet(want)
	var where []string
	for i := range x.AllPods {
		p := &x.AllPods[i]
		if p.Namespace != x.Namespace && !isSystem(p.Namespace) && selector.Matches(labels.Set(p.Labels)) {
			where = append(where, p.Namespace)
		}
	}
	return slices.Compact(sorted(where))
}

// isSystem tells the namespaces that are not the learner's.
func isSystem(namespace string) bool {
	return slices.Contains([]string{"kube-system", "kube-public", "kube-node-lease"}, namespace)
}

// nearestTemplate is the workload whose pods were probably meant: the one that
// shares the most labels, at least one of them nearly.
func nearestTemplate(want map[string]string, templates []template) *template {
	var best *template
	most := 0
	for i := range templates {
		if n := likeness(want, templates[i].labels); n > most {
			best, most = &templates[i], n
		}
	}
	return best
}

// likeness counts two for a label that is the same and one for one that is
// nearly the same, in its key or in its value.
func likeness(want, have map[string]string) int {
	n := 0
	list := splitPairs(have)
	for _, pair := range splitPairs(want) {
		if slices.Contains(list, pair) {
			n += 2
		} else if _, ok := near.Best(pair, list); ok {
			n++
		}
	}
	return n
}

func splitPairs(of map[string]string) []string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(of)) {
		list = append(list, key+"="+of[key])
	}
	return list
}

// difference writes how labels differ from those wanted: "app=web wanted,
// app=wbe carried".
func difference(want, have map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, ok := have[key]
		switch {
		case ok && value != want[key]:
			parts = append(parts, "the selector has "+key+"="+want[key]+", the pods "+key+"="+value)
		case !ok:
			parts = append(parts, "the selector has "+key+"="+want[key]+", the pods have no label "+key)
		}
	}
	return and(parts)
}

// selector explains why nothing of a kind is found by its labels, or why what
// is found does not work.
func (x explainer) selector(kind string, want map[string]string) []Cause {
	if chain := x.noNamespace(); chain != nil {
		return chain
	}
	if kind == "Pod" {
		return x.podSelector(want)
	}
	objects, known := x.Kind(kind)
	if !known {
		return nil
	}
	var found []string
	var templates []template
	for _, o := range objects {
		if o.Namespace != x.Namespace && o.Namespace != "" {
			continue
		}
		templates = append(templates, template{kind, o.Name, o.Labels})
		if labels.SelectorFromSet(want).Matches(labels.Set(o.Labels)) {
			found = append(found, o.Name)
		}
	}
	if len(found) > 0 {
		return x.firstOf(kind, found)
	}
	return x.labelMismatch(kind, want, templates)
}

func (x explainer) podSelector(want map[string]string) []Cause {
	if pods := x.Selected(want); len(pods) > 0 {
		return x.pods("those with "+pairs(want), pods, len(pods))
	}
	for _, t := range x.templates() {
		if t.kind != "Pod" && labels.SelectorFromSet(want).Matches(labels.Set(t.labels)) {
			return x.object(t.kind, t.name)
		}
	}
	return x.selectorMismatch("The check", want)
}

func (x explainer) firstOf(kind string, names []string) []Cause {
	for _, name := range names {
		if chain := x.object(kind, name); chain != nil {
			return chain
		}
	}
	return nil
}

func (x explainer) labelMismatch(kind string, want map[string]string, there []template) []Cause {
	if len(there) == 0 {
		return []Cause{seen(NotFound, "Namespace %s has no %s at all.", x.Namespace, kind)}
	}
	chain := []Cause{seen(SelectorMismatch, "No %s in namespace %s carries %s.", kind, x.Namespace, pairs(want))}
	if best := nearestTemplate(want, there); best != nil {
		chain = append(chain, look(SelectorMismatch, "%s %s carries %s.", kind, best.name, orNone(pairs(best.labels))))
	}
	return chain
}

func orNone(text string) string {
	if text == "" {
		return "no labels"
	}
	return text
}

// Package revert takes back single changes to an object while others go on
// changing it. A change is reverted only where the object still says what we
// made it say: what the learner wrote since is the learner's.
package revert

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Change is one field of an object that was changed.
type Change struct {
	// Path leads to the field. A step is a field's name, or name=web for the
	// element of a list whose elements have names.
	Path []string `json:"path"`
	// Before and After are the field's values; Was and Is tell null from absent.
	Before any  `json:"before,omitempty"`
	Was    bool `json:"was,omitempty"`
	After  any  `json:"after,omitempty"`
	Is     bool `json:"is,omitempty"`
	// Index is where an element that was removed stood in its list.
	Index int `json:"index,omitempty"`
}

func (c Change) String() string { return strings.Join(c.Path, ".") }

// Diff lists what has to be reverted to get from after to before. What the
// server writes by itself is left out: status, and the metadata that is not
// labels, annotations, finalizers and owners.
func Diff(before, after map[string]any) []Change {
	return diffMaps(nil, desired(before), desired(after))
}

func desired(object map[string]any) map[string]any {
	d := maps.Clone(object)
	delete(d, "status")
	if m, ok := d["metadata"].(map[string]any); ok {
		kept := map[string]any{}
		for _, key := range []string{"labels", "annotations", "finalizers", "ownerReferences"} {
			if v, ok := m[key]; ok {
				kept[key] = v
			}
		}
		d["metadata"] = kept
	}
	return d
}

func diffMaps(path []string, before, after map[string]any) []Change {
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	var changes []Change
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		b, was := before[key]
		a, is := after[key]
		at := append(slices.Clone(path), key)
		changes = append(changes, diff(Change{Path: at, Before: b, Was: was, After: a, Is: is})...)
	}
	return changes
}

// diff compares the two sides of c, and goes into them where both have parts.
func diff(c Change) []Change {
	if c.Was == c.Is && reflect.DeepEqual(c.Before, c.After) {
		return nil
	}
	bm, bok := c.Before.(map[string]any)
	am, aok := c.After.(map[string]any)
	if bok && aok {
		return diffMaps(c.Path, bm, am)
	}
	bn, bok := named(c.Before)
	an, aok := named(c.After)
	if bok && aok {
		return diffNamed(c.Path, bn, an)
	}
	return []Change{c}
}

func diffNamed(path []string, before, after []element) []Change {
	var changes []Change
	for i, b := range before {
		c := Change{Path: append(slices.Clone(path), "name="+b.name), Before: b.value, Was: true, Index: i}
		if j := indexOf(after, b.name); j >= 0 {
			c.After, c.Is = after[j].value, true
		}
		changes = append(changes, diff(c)...)
	}
	for _, a := range after {
		if indexOf(before, a.name) < 0 {
			changes = append(changes, Change{Path: append(slices.Clone(path), "name="+a.name), After: a.value, Is: true})
		}
	}
	return changes
}

type element struct {
	name  string
	value map[string]any
}

// named returns the elements of a list in which each has a name of its own.
func named(v any) ([]element, bool) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, false
	}
	var elements []element
	for _, item := range list {
		m, _ := item.(map[string]any)
		name, ok := m["name"].(string)
		if !ok || indexOf(elements, name) >= 0 {
			return nil, false
		}
		elements = append(elements, element{name, m})
	}
	return elements, true
}

func indexOf(elements []element, name string) int {
	return slices.IndexFunc(elements, func(e element) bool { return e.name == name })
}

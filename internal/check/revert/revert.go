package revert

import (
	"reflect"
	"slices"
	"strings"
)

// Apply reverts the changes in the object, the last first, wherever it still
// holds what the change made. It returns the number of fields it set.
func Apply(object map[string]any, changes []Change) int {
	n := 0
	for _, c := range slices.Backward(changes) {
		if revert(object, c) {
			n++
		}
	}
	return n
}

// Holds tells whether the object still holds what every change below the given
// field (spec.template, for example) made, and that there is one.
func Holds(object map[string]any, changes []Change, below ...string) bool {
	n := 0
	for _, c := range changes {
		if len(c.Path) < len(below) || !slices.Equal(c.Path[:len(below)], below) {
			continue
		}
		n++
		now, is := get(object, c.Path)
		if is != c.Is || !same(now, c.After) {
			return false
		}
	}
	return n > 0
}

func revert(object map[string]any, c Change) bool {
	now, is := get(object, c.Path)
	if is != c.Is || !same(now, c.After) {
		return false
	}
	if is == c.Was && same(now, c.Before) {
		return false
	}
	return set(object, c.Path, c)
}

// get follows a path.
func get(v any, path []string) (any, bool) {
	for _, step := range path {
		name, isElement := strings.CutPrefix(step, "name=")
		switch node := v.(type) {
		case map[string]any:
			next, ok := node[step]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i := find(node, name)
			if !isElement || i < 0 {
				return nil, false
			}
			v = node[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// set gives the field its value of before. It fails when the way there is gone.
func set(object map[string]any, path []string, c Change) bool {
	last := len(path) - 1
	parent, ok := get(object, path[:last])
	if !ok {
		return false
	}
	switch node := parent.(type) {
	case map[string]any:
		if c.Was {
			node[path[last]] = c.Before
		} else {
			delete(node, path[last])
		}
		return true
	case []any:
		list := setElement(node, strings.TrimPrefix(path[last], "name="), c)
		return store(object, path[:last], list)
	}
	return false
}

func setElement(list []any, name string, c Change) []any {
	i := find(list, name)
	switch {
	case i >= 0 && c.Was:
		list[i] = c.Before
	case i >= 0:
		list = slices.Delete(list, i, i+1)
	case c.Was:
		list = slices.Insert(list, min(c.Index, len(list)), c.Before)
	}
	return list
}

// store puts a list back whose length has changed. A list is always a field.
func store(object map[string]any, path []string, list []any) bool {
	last := len(path) - 1
	parent, _ := get(object, path[:last])
	field, ok := parent.(map[string]any)
	if ok {
		field[path[last]] = list
	}
	return ok
}

func find(list []any, name string) int {
	return slices.IndexFunc(list, func(item any) bool {
		m, _ := item.(map[string]any)
		return m["name"] == name
	})
}

// same compares two values of decoded JSON.
func same(a, b any) bool { return reflect.DeepEqual(a, b) }

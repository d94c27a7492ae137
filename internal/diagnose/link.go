package diagnose

import (
	"fmt"
	"slices"
	"strings"
)

// What a cause gives away; see Cause.Spoiler.
const (
	Seen = 0 // what anybody can see
	Look = 1 // where to look
	Fix  = 2 // the fix itself
)

// A link of the chain is one thing seen, often followed under the same code by
// where to look and by the fix.

func seen(code, format string, args ...any) Cause {
	return Cause{Code: code, Text: fmt.Sprintf(format, args...), Spoiler: Seen}
}

func look(code, format string, args ...any) Cause {
	return Cause{Code: code, Text: fmt.Sprintf(format, args...), Spoiler: Look}
}

func fix(code, format string, args ...any) Cause {
	return Cause{Code: code, Text: fmt.Sprintf(format, args...), Spoiler: Fix}
}

// kubectl is a command to type. The namespace is part of it, so that it works
// wherever the learner's kubectl points.
func (x explainer) kubectl(format string, args ...any) string {
	command := "kubectl " + fmt.Sprintf(format, args...)
	if x.Namespace == "" {
		return command
	}
	return command + " -n " + x.Namespace
}

// count writes "1 pod", "3 pods".
func count[N int | int32 | int64](n N, noun string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// and writes "a", "a and b", "a, b and c"; of a long list the first few.
func and(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// pairs writes labels as kubectl does: "app=web,tier=front".
func pairs(labels map[string]string) string {
	list := make([]string, 0, len(labels))
	for k, v := range labels {
		list = append(list, k+"="+v)
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}

// firstCode is the code of a chain's first link.
func firstCode(chain []Cause) string {
	if len(chain) == 0 {
		return ""
	}
	return chain[0].Code
}

// rootCode is the code of a chain's last link.
func rootCode(chain []Cause) string {
	if len(chain) == 0 {
		return ""
	}
	return chain[len(chain)-1].Code
}

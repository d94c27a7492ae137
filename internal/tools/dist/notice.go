package main

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// ours begins the paths of modules that are under labctl's own licence.
const ours = "labctl.dev/labctl"

const preface = `Third-party software in this archive
=====================================

labctl itself is under the licence in LICENSE. The programs in bin/ contain code of others, listed here by
program; the texts of its licences and notices follow, each once. All of it is built without changes from Go
modules of exactly these versions, which https://proxy.golang.org serves: go mod download MODULE@VERSION.
`

// libc is said where a program is linked with the C library of the machine that
// built it.
const libc = `%s is linked statically with the GNU C Library (https://www.gnu.org/software/libc/), which is under the GNU Lesser
General Public License 2.1 or later. To link it with another version of that library, build it from its source:
CGO_ENABLED=1 go build -trimpath -tags "netgo osusergo" -ldflags "-s -w -extldflags -static", as labctl's Makefile does.
`

// notices is the text about what others wrote of these programs.
func notices(ctx context.Context, programs []string) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprint(&out, preface)
	all := map[string]bool{}
	withC := false
	for _, program := range programs {
		name := filepath.Base(program)
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return nil, fmt.Errorf("what is in %s: %w", program, err)
		}
		modules := linked(info)
		fmt.Fprintf(&out, "\n%s: Go %s", name, strings.TrimPrefix(info.GoVersion, "go"))
		for _, m := range modules {
			all[m] = true
			fmt.Fprintf(&out, "\n    %s", m)
		}
		fmt.Fprintln(&out)
		if usesC(info) {
			withC = true
			fmt.Fprintf(&out, "\n"+libc, name)
		}
	}
	licences, silent, err := texts(ctx, slices.Sorted(maps.Keys(all)))
	if err != nil {
		return nil, err
	}
	if len(silent) > 0 { // whoever makes a release has to ask their authors
		fmt.Fprintf(os.Stderr, "  these modules have no licence text: %s\n", strings.Join(silent, ", "))
		fmt.Fprintf(&out, "\nThese modules bring no text of a licence of their own:\n    %s\n", strings.Join(silent, "\n    "))
	}
	if withC {
		licences = append(licences, cLibrary()...)
	}
	for _, l := range licences {
		fmt.Fprintf(&out, "\n%s\n%s\n\n%s\n", strings.Repeat("-", 120), strings.Join(l.of, "\n"), strings.TrimSpace(l.text))
	}
	return out.Bytes(), nil
}

// linked lists the modules of others in a program, as MODULE@VERSION.
func linked(info *debug.BuildInfo) []string {
	var modules []string
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Replace != nil {
			m = m.Replace
		}
		local := strings.HasPrefix(m.Path, ".") || filepath.IsAbs(m.Path) // a directory of labctl's source
		if m.Path == "" || local || m.Path == ours || strings.HasPrefix(m.Path, ours+"/") {
			continue
		}
		modules = append(modules, m.Path+"@"+m.Version)
	}
	slices.Sort(modules)
	return slices.Compact(modules)
}

func usesC(info *debug.BuildInfo) bool {
	return slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "CGO_ENABLED" && s.Value == "1" })
}

// cLibrary is what Debian says of the C library it packages, if the machine is one.
func cLibrary() []licence {
	text, err := os.ReadFile("/usr/share/doc/libc6-dev/copyright")
	if err != nil {
		return nil // the preface of the program has said what it is under
	}
	return []licence{{of: []string{"the GNU C Library"}, text: string(text)}}
}

// licence is a text and what it is of, one FILE of MODULE@VERSION each.
type licence struct {
	of   []string
	text string
}

// merge joins what has the same text, in the order of what it is first of.
func merge(all []licence) []licence {
	byText := map[string]*licence{}
	for _, l := range all {
		key := strings.Join(strings.Fields(l.text), " ")
		if known := byText[key]; known != nil {
			known.of = append(known.of, l.of...)
			continue
		}
		byText[key] = &l
	}
	var merged []licence
	for _, l := range byText {
		slices.Sort(l.of)
		merged = append(merged, *l)
	}
	slices.SortFunc(merged, func(a, b licence) int { return cmp.Compare(a.of[0], b.of[0]) })
	return merged
}

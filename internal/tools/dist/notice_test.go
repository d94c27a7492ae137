package main

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"
)

func TestLinked(t *testing.T) {
	info := &debug.BuildInfo{
		Main: debug.Module{Path: "labctl.dev/labctl/cmd/labkube", Version: "(devel)"},
		Deps: []*debug.Module{
			{Path: "labctl.dev/labctl", Version: "v0.0.0"},
			{Path: "k8s.io/api", Version: "v0.37.2"},
			{Path: "example.com/old", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.1.0"}},
			{Path: "example.com/standin", Version: "v1.0.0", Replace: &debug.Module{Path: "./rosetta", Version: "(devel)"}},
		},
	}
	if got, want := linked(info), []string{"example.com/fork@v1.1.0", "k8s.io/api@v0.37.2"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	upstream := &debug.BuildInfo{Main: debug.Module{Path: "github.com/opencontainers/runc", Version: "v1.4.3"}}
	if got, want := linked(upstream), []string{"github.com/opencontainers/runc@v1.4.3"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestIsLicence(t *testing.T) {
	for name, want := range map[string]bool{
		"LICENSE": true, "LICENSE.txt": true, "License.md": true, "LICENSE-APACHE": true, "LICENSE.MIT": true, "COPYING": true, "NOTICE": true, "PATENTS": true,
		"license.go": false, "license_test.go": false, "licenses.json": false, "README.md": false, "notices_linux.go": false, "COPYING.LESSER": true,
	} {
		if isLicence(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestLicencesIn(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"LICENSE": "one", "part/LICENSE": "two", "vendor/other/LICENSE": "no", "testdata/LICENSE": "no", "main.go": "no"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := licencesIn("m@v1", root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range found {
		got = append(got, l.of[0]+" "+l.text)
	}
	slices.Sort(got)
	if want := []string{"m@v1: LICENSE one", "m@v1: part/LICENSE two"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A text is printed once, however its lines are broken.
func TestMerge(t *testing.T) {
	got := merge([]licence{{[]string{"b"}, "be  nice\n"}, {[]string{"c"}, "other"}, {[]string{"a"}, "be\nnice"}})
	if len(got) != 2 || !slices.Equal(got[0].of, []string{"a", "b"}) || got[1].text != "other" {
		t.Errorf("%v", got)
	}
}

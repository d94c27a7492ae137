//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/proc"
)

// TestArchive starts labs from a release archive as its user does: unpacked
// somewhere, labctl linked to where programs are called from, and nothing else to
// be found there, not even Go.
func TestArchive(t *testing.T) {
	w := newWorld(t)
	w.unpack()
	before := w.inventory()

	wantText(t, w.labctl("version"), "labctl v0.0.0-test ")
	wantText(t, w.labctl("doctor"), "ok: helper binaries: "+filepath.Join(w.dir, "opt"), "ok: engine embedded", "ok: component docker")

	w.labctl("start", "docker-debug")
	wantText(t, w.inShell("docker version --format '{{.Server.Version}}' && docker compose version && docker buildx version"), "v5.", "buildx")
	w.wants(1, []string{"fail"}, "check")
	w.labctl("stop")

	w.labctl("start", labName)
	wantText(t, w.kubectl("get", "nodes"), "Ready")
	w.checkUntouched()
	w.labctl("stop")
	w.wantGone(before)

	// A copy of labctl alone lacks the rest: it says where that is, and nothing of make.
	must(t, os.Remove(w.program))
	must(t, os.Link(filepath.Join(w.dir, "opt", archiveName(), "bin/labctl"), w.program))
	r := w.wants(4, []string{"helper programs are missing", "archive of labctl v0.0.0-test"}, "start", labName, "--engine", "embedded")
	if strings.Contains(r.out+r.err, "make") {
		t.Errorf("it tells somebody without the source to make: %v", r)
	}
}

func archiveName() string { return "labctl-v0.0.0-test-linux-" + runtime.GOARCH }

// unpack makes an archive, and a machine on which it is all there is of labctl.
func (w *world) unpack() {
	w.t.Helper()
	root, err := filepath.Abs("../..")
	must(w.t, err)
	dist, opt, path := filepath.Join(w.dir, "dist"), filepath.Join(w.dir, "opt"), filepath.Join(w.dir, "path")
	made, err := proc.Command{
		Path: "make", Args: []string{"dist", "PLATFORMS=linux/" + runtime.GOARCH, "VERSION=v0.0.0-test", "DIST=" + dist}, Dir: root,
	}.Output(w.t.Context())
	if err != nil {
		w.t.Fatalf("%v\n%s", err, made)
	}
	archive := archiveName() + ".tar.gz"
	sums, err := proc.Command{Path: "sha256sum", Args: []string{"--check", "SHA256SUMS"}, Dir: dist}.Output(w.t.Context())
	must(w.t, err)
	wantText(w.t, string(sums), archive+": OK")
	must(w.t, os.Mkdir(opt, 0o755))
	must(w.t, os.Mkdir(path, 0o755))
	must(w.t, proc.Command{Path: "tar", Args: []string{"-xf", filepath.Join(dist, archive), "-C", opt}}.Run(w.t.Context()))
	for _, file := range []string{"README.md", "LICENSE", "THIRD_PARTY.txt"} {
		if info, err := os.Stat(filepath.Join(opt, archiveName(), file)); err != nil || info.Size() == 0 {
			w.t.Errorf("the archive lacks %s: %v", file, err)
		}
	}
	w.program = filepath.Join(path, "labctl")
	must(w.t, os.Symlink(filepath.Join(opt, archiveName(), "bin/labctl"), w.program))
	w.vars = append(w.vars, "PATH="+path)
}

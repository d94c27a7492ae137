package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// program writes a file with an ELF header for the machine and some body.
func program(t testing.TB, dir, name string, machine byte, size int) string {
	t.Helper()
	content := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, size)...)
	content[18] = machine
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const amd64, arm64 = 0x3e, 0xb7

func specs(binary string) []Spec {
	files := map[string]string{"/bin/labapp": binary}
	links := Links("/bin/labapp", []string{"web", "sh", "ls"})
	return []Spec{
		{
			Ref: "labctl.dev/web:v1", Files: files, Links: links, Entrypoint: []string{"/bin/web"}, Env: []string{"VERSION=v1"},
			User: "1000:1000", ExposedPorts: []string{"8080/tcp"}, Labels: map[string]string{"a": "b"},
		},
		{Ref: "labctl.dev/web:v2", Files: files, Links: links, Entrypoint: []string{"/bin/web"}, Env: []string{"VERSION=v2"}},
	}
}

func assemble(t testing.TB, cache string, s ...Spec) *Archive {
	t.Helper()
	archive, err := Assembler{CacheDir: cache}.Assemble(s...)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func members(t *testing.T, archive *Archive) map[string][]byte {
	t.Helper()
	var out bytes.Buffer
	n, err := archive.WriteTo(&out)
	if err != nil {
		t.Fatal(err)
	}
	if n != archive.Size || int64(out.Len()) != n {
		t.Errorf("WriteTo wrote %d bytes and says %d, Size said %d", out.Len(), n, archive.Size)
	}
	return untar(t, &out)
}

func untar(t *testing.T, r io.Reader) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for in := tar.NewReader(r); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := found[header.Name]; twice {
			t.Errorf("%s is in the archive twice", header.Name)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		found[header.Name] = content
		if header.Typeflag == tar.TypeSymlink {
			found[header.Name] = []byte("-> " + header.Linkname)
		}
	}
}

func TestArchiveIsACompleteOCILayout(t *testing.T) {
	binary := program(t, t.TempDir(), "labapp", amd64, 5000)
	found := members(t, assemble(t, "", specs(binary)...))
	layers := map[v1.Hash]bool{}
	for name, content := range found {
		if sum, ok := strings.CutPrefix(name, "blobs/sha256/"); ok {
			if got := sha256.Sum256(content); hex.EncodeToString(got[:]) != sum {
				t.Errorf("blob %s has another digest", name)
			}
		}
	}
	var index v1.IndexManifest
	decode(t, found["index.json"], &index)
	if len(index.Manifests) != 2 {
		t.Fatalf("index has %d manifests, want 2", len(index.Manifests))
	}
	for i, ref := range []string{"labctl.dev/web:v1", "labctl.dev/web:v2"} {
		d := index.Manifests[i]
		if d.Annotations["io.containerd.image.name"] != ref || d.Platform.Architecture != "amd64" {
			t.Errorf("manifest %d: annotations %v, platform %v", i, d.Annotations, d.Platform)
		}
		var manifest v1.Manifest
		decode(t, found[blobPath(d.Digest)], &manifest)
		var config v1.ConfigFile
		decode(t, found[blobPath(manifest.Config.Digest)], &config)
		layer := manifest.Layers[0]
		layers[layer.Digest] = true
		if config.RootFS.DiffIDs[0] != layer.Digest || int(layer.Size) != len(found[blobPath(layer.Digest)]) {
			t.Errorf("%s: layer %v does not fit diff ID %v", ref, layer, config.RootFS.DiffIDs)
		}
		if want := "VERSION=v" + string(ref[len(ref)-1]); config.Config.Env[1] != want || config.Config.Env[0] != "PATH=/bin" {
			t.Errorf("%s: Env = %v", ref, config.Config.Env)
		}
	}
	if len(layers) != 1 {
		t.Errorf("images have %d layers, want one shared", len(layers))
	}
}

func decode(t *testing.T, content []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(content, v); err != nil {
		t.Fatalf("%q: %v", content, err)
	}
}

func TestLayerHoldsBinaryLinksAndSkeleton(t *testing.T) {
	dir := t.TempDir()
	l, err := planLayer(map[string]string{"/opt/x/app": program(t, dir, "app", amd64, 3000)}, map[string]string{"/bin/sh": "/opt/x/app"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := l.write(&out); err != nil {
		t.Fatal(err)
	}
	modes := map[string]int64{}
	for in := tar.NewReader(bytes.NewReader(out.Bytes())); ; {
		header, err := in.Next()
		if err != nil {
			break
		}
		modes[header.Name] = header.Mode
	}
	for name, mode := range map[string]int64{"opt/": 0o755, "opt/x/app": 0o755, "tmp/": 0o1777, "etc/passwd": 0o644, "bin/": 0o755, "proc/": 0o755} {
		if modes[name] != mode {
			t.Errorf("%s has mode %o, want %o", name, modes[name], mode)
		}
	}
	found := untar(t, &out)
	if got := string(found["bin/sh"]); got != "-> /opt/x/app" {
		t.Errorf("bin/sh is %q", got)
	}
}

func TestDigestsAreReproducible(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	first := assemble(t, "", specs(program(t, one, "labapp", amd64, 9999))...)
	copied := program(t, two, "other-name", amd64, 9999)
	if err := os.Chtimes(copied, time.Now(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	second := assemble(t, "", specs(copied)...)
	var a, b bytes.Buffer
	if _, err := first.WriteTo(&a); err != nil {
		t.Fatal(err)
	}
	if _, err := second.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same binary gave two different archives")
	}
	if first.Images[0].Digest == first.Images[1].Digest {
		t.Error("different configurations have one digest")
	}
}

func TestCacheIsForTheVeryFile(t *testing.T) {
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "not", "there")
	binary := program(t, dir, "labapp", amd64, 4000)
	before := assemble(t, cache, specs(binary)...)
	if files, err := os.ReadDir(cache); err != nil || len(files) != 1 {
		t.Fatalf("the cache holds %v, %v; want one file", files, err)
	}
	if again := assemble(t, cache, specs(binary)...); again.Images[0].Digest != before.Images[0].Digest {
		t.Error("the cache changed the digest")
	}
	program(t, dir, "labapp", amd64, 4001)
	if after := assemble(t, cache, specs(binary)...); after.Images[0].Digest == before.Images[0].Digest {
		t.Error("a changed binary kept its digest")
	}
	if _, err := before.WriteTo(io.Discard); err == nil {
		t.Error("an archive was written from a binary that had changed")
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	amd, arm := program(t, dir, "amd", amd64, 100), program(t, dir, "arm", arm64, 100)
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho not a binary\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		spec Spec
		want string
	}{
		"short name":  {Spec{Ref: "web:v1", Files: map[string]string{"/a": amd}}, "HOST/NAME:TAG"},
		"no tag":      {Spec{Ref: "labctl.dev/web", Files: map[string]string{"/a": amd}}, "HOST/NAME:TAG"},
		"no files":    {Spec{Ref: "labctl.dev/web:v1"}, "no files"},
		"relative":    {Spec{Ref: "labctl.dev/web:v1", Files: map[string]string{"bin/a": amd}}, "absolute"},
		"two arches":  {Spec{Ref: "labctl.dev/web:v1", Files: map[string]string{"/a": amd, "/b": arm}}, "for amd64"},
		"no program":  {Spec{Ref: "labctl.dev/web:v1", Files: map[string]string{"/a": script}}, "not a Linux program"},
		"missing":     {Spec{Ref: "labctl.dev/web:v1", Files: map[string]string{"/a": dir + "/none"}}, "make build"},
		"odd machine": {Spec{Ref: "labctl.dev/web:v1", Files: map[string]string{"/a": program(t, dir, "mips", 8, 100)}}, "neither"},
	} {
		_, err := Assembler{}.Assemble(test.spec)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			if name == "two arches" && err != nil && strings.Contains(err.Error(), "for arm64") {
				continue // whichever is looked at first
			}
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
}

func TestArchitectureComesFromTheBinary(t *testing.T) {
	archive := assemble(t, "", specs(program(t, t.TempDir(), "labapp", arm64, 100))...)
	if archive.Images[0].Architecture != "arm64" {
		t.Errorf("architecture %q", archive.Images[0].Architecture)
	}
}

// eight images over a binary as large as the real one.
func benchmarkSpecs(b *testing.B) []Spec {
	binary := program(b, b.TempDir(), "labapp", amd64, 10<<20)
	var all []Spec
	for _, tag := range strings.Split("12345678", "") {
		s := specs(binary)[0]
		s.Ref, s.Env = "labctl.dev/web:v"+tag, []string{"VERSION=v" + tag}
		all = append(all, s)
	}
	return all
}

func BenchmarkAssembleColdAndWrite(b *testing.B) {
	all := benchmarkSpecs(b)
	for b.Loop() {
		if _, err := assemble(b, "", all...).WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAssembleCachedAndWrite(b *testing.B) {
	all, cache := benchmarkSpecs(b), b.TempDir()
	for b.Loop() {
		if _, err := assemble(b, cache, all...).WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

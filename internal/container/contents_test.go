package container_test

import (
	"archive/tar"
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/container"
)

// archived is a tar of files, each NAME=CONTENT.
func archived(t *testing.T, files ...string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestContents(t *testing.T) {
	const docker = `manifest.json=[{"Config":"blobs/sha256/aa","RepoTags":["a:1","a:2"]},{"Config":"bb.json","RepoTags":null}]`
	const oci = `./index.json={"manifests":[{"digest":"sha256:cc","annotations":{"io.containerd.image.name":"docker.io/library/a:1"}},{"digest":"sha256:dd"}]}`
	for name, tt := range map[string]struct {
		files []string
		want  []container.Content
	}{
		"both tables":     {[]string{docker, oci}, []container.Content{{"a:1", []string{"sha256:aa", "sha256:cc"}}, {"a:2", []string{"sha256:aa"}}}},
		"at the end":      {[]string{"blobs/sha256/aa={}", docker}, []container.Content{{"a:1", []string{"sha256:aa"}}, {"a:2", []string{"sha256:aa"}}}},
		"the oldest kind": {[]string{`repositories={"old":{"1":"ee"}}`}, []container.Content{{Ref: "old:1"}}},
		"nothing named":   {[]string{"x=y"}, nil},
	} {
		if got, err := container.Contents(archived(t, tt.files...)); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, broken := range map[string]io.Reader{
		"no tar": strings.NewReader("\x1f\x8bcompressed"), "no table": archived(t, "manifest.json={"), "cut off": io.LimitReader(archived(t, docker), 600),
	} {
		if got, err := container.Contents(broken); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What is read of an archive of labctl's is its beginning.
func TestContentsReadsAsFarAsItHasTo(t *testing.T) {
	archive := archived(t, "manifest.json=[]", `index.json={}`, "layer="+strings.Repeat("x", 1<<20))
	if _, err := container.Contents(archive); err != nil || archive.Len() < 1<<20 {
		t.Errorf("%d bytes are left, %v", archive.Len(), err)
	}
}

package kind_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/kind"
)

// daemon answers on a socket as a Docker Engine would, and returns its address.
func daemon(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kind") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handle}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return "unix://" + path
}

// speaks is a Docker Engine of an API version that has an image, for a machine of
// its own architecture if none is given.
func speaks(version, image, arch string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", version)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/_ping":
		case strings.HasSuffix(r.URL.Path, "/version"):
			_, _ = w.Write([]byte(`{"Arch": "` + runtime.GOARCH + `"}`))
		case image != "" && strings.Contains(r.URL.Path, "/images/"+image+"/json"):
			_, _ = w.Write([]byte(`{"Id": "sha256:1", "Architecture": "` + cmp.Or(arch, runtime.GOARCH) + `"}`))
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"message": "no such image"}`))
		}
	}
}

// archive writes a node image as `make node-image` does, with nothing in it.
func archive(t *testing.T, path, arch string) {
	t.Helper()
	made, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{Architecture: arch, OS: "linux", RootFS: v1.RootFS{Type: "layers"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(path, name.MustParseReference("labctl.dev/node:v1.37.2"), made); err != nil {
		t.Fatal(err)
	}
}

func TestProbe(t *testing.T) {
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	const own, kinds = "labctl.dev/node:v1.37.2", "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"
	for name, tt := range map[string]struct {
		host    string
		handle  http.HandlerFunc
		archive string // its architecture, or what is in the file
		reason  string // part of it; empty when the engine is available
		lacks   engine.Capability
	}{
		"no socket":               {host: "unix:///nowhere/docker.sock", reason: "no Docker Engine answers"},
		"nobody listens":          {host: "unix://" + notListening(t), reason: "no Docker Engine answers"},
		"another machine":         {host: "tcp://10.0.0.1:2375", reason: "on another machine"},
		"no address":              {host: "garbage", reason: "unable to parse docker host"},
		"hangs":                   {handle: func(http.ResponseWriter, *http.Request) { <-hang }, reason: "does not answer within"},
		"too old":                 {handle: speaks("1.40", own, ""), reason: "is too old"},
		"no image":                {handle: speaks("1.41", "", ""), reason: "no node image"},
		"an archive":              {handle: speaks("1.41", "", ""), archive: runtime.GOARCH, lacks: engine.CapNetworkPolicy},
		"own image":               {handle: speaks("1.51", own, ""), lacks: engine.CapNetworkPolicy},
		"kind's image":            {handle: speaks("1.51", kinds, ""), lacks: engine.CapFastReset},
		"another's image":         {handle: speaks("1.51", own, "s390x"), reason: "in Docker is for s390x"},
		"another's kind":          {handle: speaks("1.51", kinds, "s390x"), reason: "no node image"},
		"another's archive":       {handle: speaks("1.51", "", ""), archive: "s390x", reason: "is for s390x"},
		"a broken archive":        {handle: speaks("1.51", "", ""), archive: "broken", reason: "node-image.tar is damaged"},
		"broken beside own":       {handle: speaks("1.51", own, ""), archive: "broken", lacks: engine.CapNetworkPolicy},
		"broken beside kind's":    {handle: speaks("1.51", kinds, ""), archive: "broken", lacks: engine.CapFastReset},
		"another's beside own":    {handle: speaks("1.51", own, ""), archive: "s390x", lacks: engine.CapNetworkPolicy},
		"archive beside anothers": {handle: speaks("1.51", own, "s390x"), archive: runtime.GOARCH, lacks: engine.CapNetworkPolicy},
		"refuses its answer":      {handle: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, reason: "does not work"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			path := filepath.Join(bin, "node-image.tar")
			switch tt.archive {
			case "":
			case "broken":
				if err := os.WriteFile(path, nil, 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				archive(t, path, tt.archive)
			}
			host := tt.host
			if tt.handle != nil {
				host = daemon(t, tt.handle)
			}
			env := map[string]string{"DOCKER_HOST": host, "DOCKER_CONFIG": bin}
			e := kind.New(kind.Config{Log: slog.New(slog.DiscardHandler), Bin: bin, Getenv: func(name string) string { return env[name] }})
			caps, err := e.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if caps.Available != (tt.reason == "") || !strings.Contains(caps.Reason, tt.reason) {
				t.Errorf("got %+v, want the reason %q", caps, tt.reason)
			}
			if !caps.Available && caps.Remedy == "" {
				t.Error("it says nothing of what would help")
			}
			if caps.Available && len(caps.Lacking([]engine.Capability{tt.lacks})) == 0 {
				t.Errorf("it claims %s", tt.lacks)
			}
		})
	}
}

// has is a Docker Engine that has labctl's image, and so much memory and a disk there.
func has(memory int64, root string) http.HandlerFunc {
	other := speaks("1.51", "labctl.dev/node:v1.37.2", "")
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/info") {
			other(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"ServerVersion": "29.1.0", "MemTotal": %d, "DockerRootDir": %q}`, memory, root)
	}
}

func TestLook(t *testing.T) {
	root := t.TempDir()
	full := "/proc" // on Linux, and it has no space, ever
	for name, tt := range map[string]struct {
		handle           http.HandlerFunc
		version, image   string
		says, saysNot    string // of the space
		noSpace, noImage string
	}{
		"on this machine":             {handle: has(1<<40, root), version: "29.1.0", image: "labctl's own", says: "of disk in " + root},
		"in a virtual machine":        {handle: has(2<<30, "/nowhere/var/lib/docker"), version: "29.1.0", image: "labctl's own", says: "of memory", saysNot: "disk"},
		"in a small virtual machine":  {handle: has(512<<20, "/nowhere/var/lib/docker"), version: "29.1.0", image: "labctl's own", noSpace: "a node needs 1.0 GB"},
		"one that says nothing of it": {handle: speaks("1.51", "labctl.dev/node:v1.37.2", ""), image: "labctl's own"},
		"without an image":            {handle: speaks("1.51", "", ""), noImage: "no node image"},
		"on a full disk":              {handle: has(1<<40, full), version: "29.1.0", image: "labctl's own", noSpace: "has only 0 MB of disk left in /proc"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(full); err != nil && name == "on a full disk" {
				t.Skip("there is no /proc")
			}
			host, dir := daemon(t, tt.handle), t.TempDir()
			env := map[string]string{"DOCKER_HOST": host, "DOCKER_CONFIG": dir}
			r, err := kind.New(kind.Config{Log: slog.New(slog.DiscardHandler), Bin: dir, Getenv: func(name string) string { return env[name] }}).Look(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Host != host || r.API != "1.51" || r.Version != tt.version || r.Docker.Reason != "" {
				t.Errorf("of the engine: %+v", r)
			}
			if !strings.HasPrefix(r.Image, tt.image) || !strings.Contains(r.Space, tt.says) || tt.saysNot != "" && strings.Contains(r.Space, tt.saysNot) {
				t.Errorf("of image and space: %+v", r)
			}
			for _, lack := range []struct {
				got  kind.Lack
				want string
			}{{r.NoSpace, tt.noSpace}, {r.NoImage, tt.noImage}} {
				if (lack.got.Reason == "") != (lack.want == "") || !strings.Contains(lack.got.Reason, lack.want) || lack.want != "" && lack.got.Remedy == "" {
					t.Errorf("it lacks %+v, want %q", lack.got, lack.want)
				}
			}
			if lack := r.Lack(); (lack.Reason == "") != (tt.noSpace+tt.noImage == "") {
				t.Errorf("in all it lacks %+v", lack)
			}
		})
	}
}

// notListening is the path of a socket that nobody listens on any more.
func notListening(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kind")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "docker.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	return path
}

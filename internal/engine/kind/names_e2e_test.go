//go:build e2e && linux

package kind_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/enginetest"
	"labctl.dev/labctl/internal/ledger"
)

// usersDocker opens the Docker Engine of the machine, or skips the test.
func usersDocker(t *testing.T) *container.Client {
	t.Helper()
	caps, err := newEngine().Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !caps.Available {
		t.Skipf("the engine cannot run here: %s", caps.Reason)
	}
	host, err := container.Host(os.Getenv, container.ConfigDir(os.Getenv))
	if err != nil {
		t.Fatal(err)
	}
	docker, err := container.New(host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docker.Close() })
	return docker
}

// somebodys makes a container of somebody else's, which is there until the test ends.
func somebodys(t *testing.T, docker *container.Client, name string, labels map[string]string) {
	t.Helper()
	archive, ref, err := enginetest.Web(os.Getenv("LABCTL_BIN"))(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if err := docker.LoadImages(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
	made, err := docker.API.ContainerCreate(t.Context(), &dockercontainer.Config{Image: ref, Labels: labels}, nil, nil, nil, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // which fails if it is gone
		if err := docker.API.ContainerRemove(context.WithoutCancel(t.Context()), made.ID, dockercontainer.RemoveOptions{Force: true}); err != nil {
			t.Errorf("somebody else's container: %v", err)
		}
	})
}

// A name that somebody else has in Docker fails a start, with what to do, and
// stays theirs: after the start's own cleaning up, a Down and a gc.
func TestNamesOfOthersStayTheirs(t *testing.T) {
	docker := usersDocker(t)
	const id, name = "conf-taken", "labctl-conf-taken"
	for what, tt := range map[string]struct {
		take   func(t *testing.T)
		wants  string
		remedy string
	}{
		"node": {
			func(t *testing.T) { somebodys(t, docker, name+"-control-plane", nil) },
			name + "-control-plane\" is already in use", "docker rename",
		},
		"cluster": {
			func(t *testing.T) {
				somebodys(t, docker, "their-node", map[string]string{"io.x-k8s.kind.cluster": name})
			},
			"kind cluster " + name + " already", "kind delete cluster --name " + name,
		},
		"volume": {
			func(t *testing.T) {
				if _, err := docker.API.VolumeCreate(t.Context(), volume.CreateOptions{Name: name}); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					ctx := context.WithoutCancel(t.Context())
					if _, err := docker.API.VolumeInspect(ctx, name); err != nil {
						t.Errorf("somebody else's volume: %v", err)
					}
					_ = docker.API.VolumeRemove(ctx, name, false) // gone is told already
				})
			},
			"volume " + name + " in Docker is somebody else's", "docker volume rm " + name,
		},
		"network": {
			func(t *testing.T) {
				if _, err := docker.API.NetworkCreate(t.Context(), "labctl-kind", network.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := docker.API.NetworkRemove(context.WithoutCancel(t.Context()), "labctl-kind"); err != nil {
						t.Errorf("somebody else's network: %v", err)
					}
				})
			},
			"network labctl-kind in Docker is somebody else's", "docker network rm labctl-kind",
		},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			spec := engine.Spec{ID: id, Dir: filepath.Join(dir, "engine"), Bin: os.Getenv("LABCTL_BIN"), Nodes: 1}
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			tt.take(t)
			e := newEngine()
			_, err := e.Up(ctx, spec, ledger.At(filepath.Join(dir, "ledger.jsonl")), engine.Quiet)
			var trouble *engine.Trouble
			if !errors.As(err, &trouble) || !strings.Contains(err.Error(), tt.wants) || !strings.Contains(trouble.Remedy, tt.remedy) {
				t.Errorf("got %v, want %q and the remedy %q", err, tt.wants, tt.remedy)
			}
			if err := e.Down(ctx, spec); err != nil {
				t.Errorf("down: %v", err)
			}
			left, err := e.Leftovers(ctx)
			if err != nil {
				t.Error(err)
			}
			for _, r := range left {
				if r.ID == id {
					t.Errorf("left behind, or taken for labctl's: %+v", r)
				}
			}
		})
	}
}

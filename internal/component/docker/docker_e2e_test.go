//go:build e2e && linux

package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/nat"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/image"
	"labctl.dev/labctl/internal/labapp/names"
	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/machine"
	"labctl.dev/labctl/internal/proc"
)

// world is an engine and a learner's client of it.
type world struct {
	*testing.T

	spec    component.Spec
	engine  *Engine
	learner *client.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	bin := os.Getenv("LABCTL_BIN")
	if bin == "" || os.Geteuid() != 0 {
		t.Skip("needs root and the binaries in $LABCTL_BIN")
	}
	dir := t.TempDir()
	w := &world{T: t, spec: component.Spec{
		ID: fmt.Sprintf("e2e-docker-%d", os.Getpid()), Dir: filepath.Join(dir, "docker"), Bin: bin, Workspace: filepath.Join(dir, "workspace"),
	}}
	w.must(os.MkdirAll(w.spec.Workspace, 0o755))
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if w.engine != nil {
			w.must(w.engine.Close(ctx))
		}
		w.must(Component{}.Down(ctx, w.spec))
		left, err := machine.Leftovers()
		w.must(err)
		for _, l := range left {
			if strings.HasPrefix(l.Cluster, w.spec.ID) {
				t.Errorf("left behind: %+v", l)
			}
		}
	})
	w.up()
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) up() {
	w.Helper()
	began := time.Now()
	running, err := Component{Log: slog.Default()}.Up(w.Context(), w.spec, ledger.At(filepath.Join(w.spec.Workspace, "../ledger")), func(string) {})
	w.must(err)
	w.Logf("up after %v", time.Since(began).Round(time.Millisecond))
	w.engine = running.(*Engine)
	w.learner, err = client.NewClientWithOpts(client.WithHost(strings.TrimPrefix(Component{}.Variables(w.spec)[0], "DOCKER_HOST=")), client.WithAPIVersionNegotiation())
	w.must(err)
}

// load gives the engine the labs' web service.
func (w *world) load() {
	w.Helper()
	archive, err := image.Assembler{}.Assemble(image.Spec{
		Ref: "labctl.dev/web:v1", Files: map[string]string{"/bin/labapp": filepath.Join(w.spec.Bin, "labapp")},
		Links: image.Links("/bin/labapp", names.All()), Entrypoint: []string{"/bin/web"},
	})
	w.must(err)
	r, out := io.Pipe()
	go func() {
		_, err := archive.WriteTo(out)
		out.CloseWithError(err)
	}()
	w.must(w.engine.LoadImages(w.Context(), r))
	w.must(w.engine.Baseline(w.Context()))
}

func (w *world) run(name string, config container.Config, host container.HostConfig) string {
	w.Helper()
	config.Image = "labctl.dev/web:v1"
	made, err := w.learner.ContainerCreate(w.Context(), &config, &host, nil, nil, name)
	w.must(err)
	w.must(w.learner.ContainerStart(w.Context(), made.ID, container.StartOptions{}))
	return made.ID
}

// docker runs the docker command as the learner's shell would.
func (w *world) docker(args ...string) (string, error) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	out, err := proc.Command{
		Path: filepath.Join(w.spec.Bin, "docker"), Args: args, Dir: w.spec.Workspace,
		Env: append(Component{}.Variables(w.spec), "HOME="+w.spec.Workspace),
	}.Output(ctx)
	return strings.TrimSpace(string(out)), err
}

// eventually asks a published port until it answers as wanted.
func (w *world) answers(port string, want bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/", nil)
		w.must(err)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
		}
		if (err == nil) == want {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.Fatalf("port %s: answers %v, want %v: %v", port, err == nil, want, err)
		}
	}
}

const port = "38471"

func published() container.HostConfig {
	return container.HostConfig{PortBindings: nat.PortMap{"8080/tcp": {{HostPort: port}}}}
}

func TestAnEngineOfOnesOwn(t *testing.T) {
	w := newWorld(t)
	w.load()

	_, err := w.learner.NetworkCreate(w.Context(), "shop", network.CreateOptions{})
	w.must(err)
	w.run("store", container.Config{}, container.HostConfig{NetworkMode: "shop"})
	id := w.run("web", container.Config{}, published())
	w.answers(port, true)
	out, err := w.docker("run", "--rm", "--network", "shop", "--entrypoint", "/bin/wget", "labctl.dev/web:v1", "-q", "-O", "-", "http://store:8080/")
	if err != nil || !strings.Contains(out, "Hello") {
		t.Errorf("by name: %q, %v", out, err)
	}

	out, err = w.docker("run", "--rm", "--init", "--entrypoint", "/bin/sh", "labctl.dev/web:v1", "-c", "cat /proc/1/comm")
	if err != nil || out != "docker-init" {
		t.Errorf("the first process with --init is %q, %v", out, err)
	}

	// The label is on all of it, and what reaches out is refused.
	c, err := w.learner.ContainerInspect(w.Context(), id)
	w.must(err)
	if c.Config.Labels["dev.labctl.environment"] != w.spec.ID {
		t.Errorf("labels %v", c.Config.Labels)
	}
	if out, err := w.docker("run", "--privileged", "labctl.dev/web:v1"); err == nil || !strings.Contains(err.Error(), "does not allow --privileged") {
		t.Errorf("privileged: %q %v", out, err)
	}

	// The learner's work is there again after a crash of the supervisor.
	w.must(w.engine.Close(w.Context()))
	w.answers(port, false)
	w.up()
	w.must(w.learner.ContainerStart(w.Context(), "web", container.StartOptions{}))
	w.answers(port, true)

	// A reset takes it away, but not the lab's images.
	w.must(w.engine.Reset(w.Context()))
	w.answers(port, false)
	list, err := w.learner.ContainerList(w.Context(), container.ListOptions{All: true})
	w.must(err)
	if len(list) > 0 {
		t.Errorf("containers after a reset: %v", list)
	}
	w.run("again", container.Config{}, published())
	w.answers(port, true)
}

func TestACancelledStart(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancelCause(w.Context())
	cancel(errors.New("enough"))
	spec := w.spec
	spec.ID, spec.Dir = spec.ID+"-b", spec.Dir+"-b"
	if _, err := (Component{Log: slog.Default()}).Up(ctx, spec, ledger.At(filepath.Join(spec.Workspace, "../ledger")), func(string) {}); err == nil {
		t.Error("a cancelled start succeeds")
	}
}

//go:build e2e && linux

package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
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

func TestAPortThatIsTaken(t *testing.T) {
	w := newWorld(t)
	w.load()
	server := &http.Server{Addr: "127.0.0.1:" + port, Handler: http.NotFoundHandler()}
	l, err := listenOn(server.Addr)
	w.must(err)
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	made, err := w.learner.ContainerCreate(w.Context(), &container.Config{Image: "labctl.dev/web:v1"}, pointer(published()), nil, nil, "web")
	w.must(err)
	err = w.learner.ContainerStart(w.Context(), made.ID, container.StartOptions{})
	if err == nil || !strings.Contains(err.Error(), "already allocated") {
		t.Errorf("got %v", err)
	}
}

// TestTheWayOut asks the host's own address from a network whose subnet is the
// learner's choice.
func TestTheWayOut(t *testing.T) {
	w := newWorld(t)
	w.load()
	addresses, err := net.InterfaceAddrs()
	w.must(err)
	at := slices.IndexFunc(addresses, func(a net.Addr) bool { ip := a.(*net.IPNet).IP; return ip.To4() != nil && ip.IsGlobalUnicast() })
	if at < 0 {
		t.Skip("this machine has only its loopback")
	}
	l, err := listenOn(net.JoinHostPort(addresses[at].(*net.IPNet).IP.String(), "0"))
	w.must(err)
	server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "from outside") })}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	for _, subnet := range []string{"10.99.77.0/24", "192.168.177.0/24"} {
		_, err := w.docker("network", "create", "--subnet", subnet, "own"+subnet[:3])
		w.must(err)
		out, err := w.docker("run", "--rm", "--network", "own"+subnet[:3], "--entrypoint", "/bin/wget", "labctl.dev/web:v1", "-q", "-T", "5", "-O", "-", "http://"+l.Addr().String()+"/")
		if err != nil || !strings.Contains(out, "from outside") {
			t.Errorf("from %s: %q, %v", subnet, out, err)
		}
	}
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

// TestTheEngineCrashes kills dockerd, which is started again: what restarts by
// itself is reached by its port again. Then it kills the engine's machine.
func TestTheEngineCrashes(t *testing.T) {
	w := newWorld(t)
	w.load()
	host := published()
	host.RestartPolicy.Name = container.RestartPolicyAlways
	w.run("web", container.Config{}, host)
	w.answers(port, true)
	w.kill(w.children("dockerd"))
	w.answers(port, false)
	w.answers(port, true)
	w.must(w.engine.Health(w.Context()))

	w.kill(w.inits())
	select {
	case <-w.engine.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the engine's end is not told")
	}
	if w.engine.Err() == nil {
		t.Error("the engine ended without a reason")
	}
	w.must(w.engine.Close(w.Context()))

	// The next start has it back, with what restarts by itself.
	w.up()
	w.answers(port, true)
}

// inits are the processes that hold this test's machines.
func (w *world) inits() []int {
	w.Helper()
	left, err := machine.Leftovers()
	w.must(err)
	var found []int
	for _, l := range left {
		if l.Cluster != w.spec.ID || l.Kind != ledger.KindProcess {
			continue
		}
		pid, err := strconv.Atoi(l.Name)
		w.must(err)
		found = append(found, pid)
	}
	return found
}

// children are the processes of a program that this test's machines started.
func (w *world) children(program string) []int {
	w.Helper()
	inits := w.inits()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	w.must(err)
	var found []int
	for _, path := range all {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		var pid, parent int
		var comm, state string
		if _, err := fmt.Sscanf(string(data), "%d %s %s %d", &pid, &comm, &state, &parent); err != nil {
			continue // another program, with a blank in its name
		}
		if comm == "("+program+")" && slices.Contains(inits, parent) {
			found = append(found, pid)
		}
	}
	return found
}

// kill ends processes, of which there has to be one.
func (w *world) kill(pids []int) {
	w.Helper()
	if len(pids) == 0 {
		w.Fatal("no such process")
	}
	for _, pid := range pids {
		w.must(syscall.Kill(pid, syscall.SIGKILL))
	}
}

func pointer(h container.HostConfig) *container.HostConfig { return &h }

func listenOn(address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(context.Background(), "tcp4", address)
}

//go:build e2e && linux

package diagnose

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/component/docker"
	engine "labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/image"
	"labctl.dev/labctl/internal/labapp/names"
	"labctl.dev/labctl/internal/ledger"
)

const (
	webImage   = "labctl.dev/web:v1"
	helperName = "labctl.dev/helper:1"
)

// dock is a Docker Engine for a test, and its diagnosis.
type dock struct {
	*testing.T

	client *engine.Client
	docker *Docker
}

func newDock(t *testing.T) *dock {
	t.Helper()
	bin := os.Getenv("LABCTL_BIN")
	if bin == "" || os.Geteuid() != 0 {
		t.Skip("needs root and the binaries in $LABCTL_BIN")
	}
	dir := t.TempDir()
	spec := component.Spec{
		ID: fmt.Sprintf("e2e-diagnose-docker-%d", os.Getpid()), Dir: filepath.Join(dir, "docker"), Bin: bin, Workspace: filepath.Join(dir, "workspace"),
	}
	d := &dock{T: t}
	d.must(os.MkdirAll(spec.Workspace, 0o755))
	running, err := docker.Component{Log: slog.New(slog.DiscardHandler)}.Up(t.Context(), spec, ledger.At(filepath.Join(dir, "ledger")), func(string) {})
	d.must(err)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		d.must(running.Close(ctx))
		d.must(docker.Component{}.Down(ctx, spec))
	})
	archive, err := image.Assembler{}.Assemble(image.Spec{
		Ref: webImage, Files: map[string]string{"/bin/labapp": filepath.Join(bin, "labapp")},
		Links: image.Links("/bin/labapp", names.All()), Entrypoint: []string{"/bin/web"}, Env: []string{"PATH=/bin"},
	})
	d.must(err)
	r, out := io.Pipe()
	go func() {
		_, err := archive.WriteTo(out)
		out.CloseWithError(err)
	}()
	d.must(running.LoadImages(t.Context(), r))
	d.client, err = engine.New(strings.TrimPrefix(docker.Component{}.Variables(spec)[0], "DOCKER_HOST="))
	d.must(err)
	t.Cleanup(func() { d.must(d.client.Close()) })
	d.docker = NewDocker(d.client, helperName, d.inside)
	return d
}

func (d *dock) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// inside does with a container of the lab's image what checks do with a helper.
func (d *dock) inside(ctx context.Context, network string, argv []string) ([]byte, error) {
	const name = "labctl-inside"
	err := d.client.Run(ctx, engine.Spec{Name: name, Image: webImage, Entrypoint: []string{"/bin/labapp"}, Command: argv, Network: network, User: "0"})
	if err != nil {
		return nil, err
	}
	defer func() { d.must(d.client.Discard(ctx, name)) }()
	ended, lost := d.client.API.ContainerWait(ctx, name, dockercontainer.WaitConditionNotRunning)
	select {
	case <-ended:
	case err := <-lost:
		return nil, err
	}
	var out strings.Builder
	err = d.client.Logs(ctx, name, 100, &out)
	return []byte(out.String()), err
}

// run starts a container; one that cannot start is there all the same.
func (d *dock) run(s engine.Spec) {
	d.Helper()
	s.Image = webImage
	_ = d.client.Run(d.Context(), s) // its state tells
}

// make makes a container with what Spec does not have.
func (d *dock) make(name string, config dockercontainer.Config, start bool) {
	d.Helper()
	config.Image = webImage
	created, err := d.client.API.ContainerCreate(d.Context(), &config, nil, nil, nil, name)
	d.must(err)
	if start {
		d.must(d.client.API.ContainerStart(d.Context(), created.ID, dockercontainer.StartOptions{}))
	}
}

// told is a chain as a test writes it: its codes without repetition, and its text.
func told(chain []Cause) (codes, text string) {
	var list, lines []string
	for _, c := range chain {
		if len(list) == 0 || list[len(list)-1] != c.Code {
			list = append(list, c.Code)
		}
		lines = append(lines, fmt.Sprintf("%d %s", c.Spoiler, c.Text))
	}
	return strings.Join(list, " "), strings.Join(lines, "\n")
}

// expects waits until the diagnosis says so: a crash loop takes a while to be one.
func (d *dock) expects(name, codes string, texts []string, ask func(context.Context) []Cause) {
	d.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		got, text := told(ask(d.Context()))
		missing := ""
		for _, want := range texts {
			if !strings.Contains(text, want) {
				missing = want
			}
		}
		if got == codes && missing == "" {
			d.Logf("%s:\n%s", name, text)
			return
		}
		if time.Now().After(deadline) {
			d.Errorf("%s: codes %q, want %q; without %q:\n%s", name, got, codes, missing, text)
			return
		}
		<-tick.C
	}
}

func (d *dock) container(of, codes string, texts ...string) {
	d.Helper()
	d.expects(of, codes, texts, func(ctx context.Context) []Cause { return d.docker.Container(ctx, of) })
}

func (d *dock) request(r DockerRequest, codes string, texts ...string) {
	d.Helper()
	d.expects(fmt.Sprintf("%+v", r), codes, texts, func(ctx context.Context) []Cause { return d.docker.Request(ctx, r) })
}

func (d *dock) absent(kind engine.Kind, name, codes string, texts ...string) {
	d.Helper()
	d.expects(string(kind)+" "+name, codes, texts, func(ctx context.Context) []Cause { return d.docker.Absent(ctx, kind, name) })
}

func TestDockerCauses(t *testing.T) {
	d := newDock(t)
	d.container("container/web", "NotFound", "no container at all")
	d.container("compose/web", "NotFound", "No container is of a Compose project", "docker compose up -d")
	d.must(d.client.EnsureNetwork(d.Context(), "shop"))
	d.must(d.client.EnsureNetwork(d.Context(), "shop_backend"))
	d.must(d.client.EnsureVolume(d.Context(), "books"))
	d.run(engine.Spec{Name: "web", Network: "shop", Publish: []string{"38491:8080", "38492:80"}})

	d.states()
	d.names()
	d.requests()
}

// states are the causes that a container's state shows.
func (d *dock) states() {
	d.run(engine.Spec{Name: "failed", Env: []string{"FAIL_START=no database"}})
	d.run(engine.Spec{Name: "looping", Env: []string{"FAIL_START=no database"}, Restart: "always"})
	d.run(engine.Spec{Name: "finished", Entrypoint: []string{"/bin/true"}})
	d.run(engine.Spec{Name: "hungry", Env: []string{"MEMORY=64Mi"}, Memory: 24 << 20, Restart: "always"})
	d.run(engine.Spec{Name: "misspelt", Entrypoint: []string{"/bin/wbe"}})
	d.run(engine.Spec{Name: "frozen"})
	d.must(d.client.API.ContainerPause(d.Context(), "frozen"))
	d.make("waiting", dockercontainer.Config{}, false)
	d.make("sick", dockercontainer.Config{Healthcheck: &dockercontainer.HealthConfig{
		Test: []string{"CMD", "curl", "-sSf", "http://127.0.0.1:81/healthz"}, Interval: 100 * time.Millisecond, Retries: 2,
	}}, true)
	d.make("slow", dockercontainer.Config{Healthcheck: &dockercontainer.HealthConfig{
		Test: []string{"CMD-SHELL", "echo not yet; false"}, Interval: time.Second, StartInterval: 100 * time.Millisecond, StartPeriod: time.Hour,
	}}, true)

	d.container("container/web", "")
	d.container("container/failed", "Exited", "exit code 1 (an error of the application's own)", "no database", "docker logs failed")
	// One of a check's is gone when this is read.
	d.run(engine.Spec{Name: "labctl-trial", Env: []string{"FAIL_START=no database"}})
	d.container("container/labctl-trial", "Exited", "no database", "docker run --rm labctl.dev/web:v1")
	d.container("container/looping", "CrashLoop", "keeps ending: ", "exit code 1", "no database")
	d.container("container/finished", "Exited Completed", "exit code 0 (no error)")
	d.container("container/hungry", "CrashLoop OOMKilled", "exit code 137 (out of memory)", "its limit of 24MiB", "2 Raise the limit")
	d.container("container/misspelt", "ContainerCreateError", "could not be started: exec: \"/bin/wbe\"")
	d.container("container/frozen", "Paused", "docker unpause frozen")
	d.container("container/waiting", "NeverStarted", "docker start waiting")
	d.container("container/sick", "Unhealthy", "in a row", "CMD curl -sSf http://127.0.0.1:81/healthz", "refused")
	d.container("container/slow", "Starting", "is not healthy yet", "not yet")
}

// names are the causes behind something that is not there.
func (d *dock) names() {
	d.make("shop-store-1", dockercontainer.Config{Labels: map[string]string{"com.docker.compose.service": "store", "com.docker.compose.project": "shop"}}, true)
	d.container("container/wbe", "NearlyRightName", "0 There is no container wbe", "1 It is called web", "2 docker rename web wbe")
	d.container("container/store", "NearlyRightName", "It is called shop-store-1", "container_name: store")
	d.container("compose/stor", "NearlyRightName", "It is called store")
	d.container("compose/queue", "NotFound", "others: store")
	d.container("container/unheard-of", "NotFound", "others: ", "docker ps -a")
	d.absent(engine.Image, "labctl.dev/web:v2", "NearlyRightName", "no tag v2", "It has: v1", "docker tag labctl.dev/web:v1 labctl.dev/web:v2")
	d.absent(engine.Image, "labctl.dev/web", "NearlyRightName", "no tag latest")
	d.absent(engine.Image, "labctl.dev/wbe:v1", "NearlyRightName", "It is called labctl.dev/web:v1")
	d.must(d.client.API.ImageTag(d.Context(), webImage, helperName))
	d.absent(engine.Image, "unheard-of", "NotFound", "others: labctl.dev/web:v1.")
	d.absent(engine.Image, webImage, "")
	d.absent(engine.Network, "shpo", "NearlyRightName", "It is called shop")
	d.absent(engine.Network, "backend", "NearlyRightName", "It is called shop_backend", "name: backend")
	d.absent(engine.Volume, "book", "NearlyRightName", "It is called books")
	d.absent(engine.Volume, "unheard-of", "NotFound", "others: books")
}

// requests are the causes on a request's way.
func (d *dock) requests() {
	d.run(engine.Spec{Name: "deaf", Network: "shop", Env: []string{"ADDRESS=127.0.0.1"}, Publish: []string{"38493:8080"}})
	d.run(engine.Spec{Name: "elsewhere"})
	refused := func(r DockerRequest) DockerRequest { r.ErrorKind = "refused"; return r }

	d.request(refused(DockerRequest{Container: "deaf", Port: "8080"}), "LoopbackOnly", "nobody outside", "1 It listens on 127.0.0.1:8080 only", "2 Have the program listen")
	d.request(DockerRequest{URL: "http://127.0.0.1:38493", ErrorKind: "reset"}, "LoopbackOnly", "Port 38493 of this machine leads to port 8080 of container deaf")
	d.request(refused(DockerRequest{URL: "http://deaf:8080", From: "shop"}), "LoopbackOnly")
	d.request(refused(DockerRequest{Container: "web", Port: "9000"}), "NotListening", "Nothing in container web listens on port 9000", "It listens on 8080")
	d.request(DockerRequest{URL: "http://127.0.0.1:38492/", ErrorKind: "reset"}, "NotListening", "Port 38492 of this machine leads to port 80", "It listens on 8080")
	d.request(refused(DockerRequest{URL: "http://127.0.0.1:38499"}), "NotPublished", "No container publishes port 38499", "38491 (of web)")
	d.request(refused(DockerRequest{Container: "failed", Port: "8080"}), "Exited")
	d.request(refused(DockerRequest{Container: "wbe", Port: "8080"}), "NearlyRightName")
	d.request(DockerRequest{URL: "http://elsewhere:8080", From: "shop", ErrorKind: "dns"}, "NotInNetwork", "It is in bridge", "docker network connect shop elsewhere")
	d.request(DockerRequest{URL: "http://wbe:8080", From: "shop", ErrorKind: "dns"}, "UnknownHost NearlyRightName", "nothing is called wbe")
	d.request(DockerRequest{URL: "http://web:8080", From: "bridge", ErrorKind: "dns"}, "NoNames")
	d.request(DockerRequest{URL: "http://web:8080", From: "shpo", ErrorKind: "dns"}, "NearlyRightName", "no network shpo")
	d.request(DockerRequest{Container: "web", Port: "8080", Path: "/nowhere", Status: 404}, "WrongPath", "/nowhere")
	d.request(DockerRequest{Container: "web", Port: "8080", Status: 500}, "AppError", "status 500", "docker logs web")
	d.request(DockerRequest{Container: "web", Port: "8080", ErrorKind: "timeout"}, "TimedOut")
	d.request(DockerRequest{Container: "web", Port: "8080", Status: 200}, "")
}

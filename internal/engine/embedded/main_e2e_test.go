//go:build e2e && linux

package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/image"
	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/machine"
	"labctl.dev/labctl/internal/proc"
)

// holdEnv makes the test binary a process that holds a cluster, for tests that
// kill the holder.
const holdEnv = "LABCTL_E2E_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		hold(dir)
	}
	os.Exit(m.Run())
}

// hold keeps a cluster until it is killed. Its first line of output says that
// the cluster is up.
func hold(dir string) {
	w := &world{dir: dir, id: engine.ID(os.Getenv(holdEnv + "_ID")), nodes: 1}
	ctx := context.Background()
	if _, err := w.engine().Up(ctx, w.spec(), w.ledger(), engine.Quiet); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("up")
	select {}
}

// world is one test's place for a cluster.
type world struct {
	dir   string
	id    engine.ID
	nodes int
}

func newWorld(t *testing.T, nodes int) *world {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	id := fmt.Sprintf("e2e-%d-%s", os.Getpid(), strings.ToLower(filepath.Base(t.Name())))
	w := &world{dir: t.TempDir(), id: engine.ID(id[:min(len(id), 40)]), nodes: nodes}
	t.Cleanup(func() {
		if t.Failed() {
			w.logs(t)
		}
		if err := w.engine().Down(context.Background(), w.spec()); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	return w
}

func bin() string {
	if dir := os.Getenv("LABCTL_BIN"); dir != "" {
		return dir
	}
	dir, err := filepath.Abs("../../../bin")
	if err != nil {
		panic(err)
	}
	return dir
}

func (w *world) engine() *Engine {
	return New(Config{Log: slog.New(slog.DiscardHandler), Bin: bin(), Home: w.dir})
}

func (w *world) spec() engine.Spec {
	return engine.Spec{ID: w.id, Dir: filepath.Join(w.dir, "engine"), Bin: bin(), Nodes: w.nodes}
}

func (w *world) ledger() *ledger.Ledger { return ledger.At(filepath.Join(w.dir, "ledger")) }

// up starts the cluster with the lab images in it.
func (w *world) up(t *testing.T) *Cluster {
	t.Helper()
	begin := time.Now()
	c, err := w.engine().Up(timeout(t, 2*time.Minute), w.spec(), w.ledger(), func(m string) {
		t.Logf("%5d ms  %s", time.Since(begin).Milliseconds(), m)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c.(*Cluster)
}

func (w *world) load(t *testing.T, c *Cluster) {
	t.Helper()
	files := map[string]string{"/bin/labapp": filepath.Join(bin(), "labapp")}
	links := image.Links("/bin/labapp", []string{"sh", "web", "curl", "dns", "cat", "sleep"})
	archive, err := image.Assembler{}.Assemble(
		image.Spec{Ref: "labctl.dev/web:v1", Files: files, Links: links, Entrypoint: []string{"/bin/web"}},
		image.Spec{Ref: "labctl.dev/tool:v1", Files: files, Links: links, Entrypoint: []string{"/bin/sleep", "3600"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	r, out := io.Pipe()
	go func() {
		_, err := archive.WriteTo(out)
		out.CloseWithError(err)
	}()
	if err := c.LoadImages(timeout(t, time.Minute), r); err != nil {
		t.Fatal(err)
	}
}

// kubectl runs it and fails the test when it fails.
func (w *world) kubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, err := w.tryKubectl(timeout(t, time.Minute), stdin, args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (w *world) tryKubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	out, err := proc.Command{
		Path:  filepath.Join(bin(), "labkube"),
		Args:  append([]string{"kubectl", "--kubeconfig", filepath.Join(w.dir, "engine", "learner.kubeconfig")}, args...),
		Stdin: strings.NewReader(stdin),
	}.Output(ctx)
	return strings.TrimSpace(string(out)), err
}

// traces lists everything of the cluster that is on this machine now.
func (w *world) traces(t *testing.T) []string {
	t.Helper()
	var found []string
	left, err := w.engine().Leftovers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range left {
		if r.ID == w.id {
			found = append(found, r.Kind+" "+r.Name)
		}
	}
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environs {
		pid := strings.Split(path, "/")[2]
		data, err := os.ReadFile(path)
		cmdline, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		if pid != strconv.Itoa(os.Getpid()) && err == nil && bytes.Contains(append(data, cmdline...), []byte(w.id)) {
			found = append(found, "process "+pid+" "+string(cmdline))
		}
	}
	mounts, err := os.ReadFile(machine.MountInfo)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, w.dir) || strings.Contains(line, string(w.id)) {
			found = append(found, "mount "+line)
		}
	}
	if _, err := os.Stat(w.spec().Dir); err == nil {
		found = append(found, "directory "+w.spec().Dir)
	}
	return found
}

func (w *world) wantNoTraces(t *testing.T) {
	t.Helper()
	eventually(t, "nothing is left behind", func(context.Context) error { // the kernel takes a moment to bury processes
		if found := w.traces(t); len(found) > 0 {
			return errors.New(strings.Join(found, "\n"))
		}
		return nil
	})
}

func (w *world) logs(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(w.spec().Dir, "nodes/*/log/*.log"))
	for _, f := range files {
		data, _ := os.ReadFile(f)
		t.Logf("%s:\n%s", f, data[max(0, len(data)-6000):])
	}
}

func timeout(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// eventually polls until check returns nil.
func eventually(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	ctx := timeout(t, time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		}
	}
}

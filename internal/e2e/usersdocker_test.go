//go:build e2e && linux

package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"labctl.dev/labctl/internal/proc"
)

// usersDocker is a Docker Engine such as a user has, which a test may end and
// start again: that of internal/tools/withdocker.sh.
type usersDocker struct {
	t         *testing.T
	host      string
	program   string // the docker command
	argv      []string
	environ   []string
	pidFile   string
	untouched []string // what somebody else has in it
	close     func()   // ends it, if it is the test's own
}

// newKindWorld is a world with a user's Docker Engine, in which somebody else has
// a container, a volume and a network. At the end the engine has nothing more.
func newKindWorld(t *testing.T) (*world, *usersDocker) {
	t.Helper()
	dir := os.Getenv("WITHDOCKER_DIR")
	if dir == "" {
		t.Skip("needs a user's Docker Engine that may be killed: run `make test-kind`, or this test inside internal/tools/withdocker.sh")
	}
	d := &usersDocker{t: t, host: os.Getenv("DOCKER_HOST"), program: filepath.Join(bin(t), "docker"), pidFile: filepath.Join(dir, "pid")}
	cmdline, err := os.ReadFile("/proc/" + d.pid() + "/cmdline")
	must(t, err)
	d.argv = strings.Split(strings.TrimRight(string(cmdline), "\x00"), "\x00")
	environ, err := os.ReadFile("/proc/" + d.pid() + "/environ")
	must(t, err)
	d.environ = strings.Split(strings.TrimRight(string(environ), "\x00"), "\x00")
	before := d.inside()
	d.bystanders()
	d.untouched = d.inside()
	w := newWorld(t)
	w.docker = d.host
	t.Cleanup(func() { // before the world's own
		for _, name := range w.environments() {
			w.try("stop", "--discard", "--env", name)
		}
		d.wantUntouched()
		d.run("rm", "-f", "bystander", "labctl-theirs-control-plane")
		d.run("volume", "rm", "bystander")
		d.run("network", "rm", "bystander")
		d.run("rmi", "-f", "bystander:1")
		if left := d.inside(); !slices.Equal(left, before) {
			t.Errorf("the test leaves in Docker:\n%s\nwhere there was\n%s", strings.Join(left, "\n"), strings.Join(before, "\n"))
		}
	})
	return w, d
}

// bystanders are somebody else's, one of them named as if it were labctl's.
func (d *usersDocker) bystanders() {
	d.importImage("bystander:1", "ENTRYPOINT [\"/bin/sleep\", \"100000\"]")
	d.run("volume", "create", "bystander")
	d.run("network", "create", "bystander")
	d.run("run", "-d", "--name", "bystander", "--restart", "always", "--network", "bystander", "-v", "bystander:/data", "bystander:1")
	d.run("create", "--name", "labctl-theirs-control-plane", "--label", "io.x-k8s.kind.cluster=labctl-theirs", "bystander:1")
}

// importImage makes an image that has nothing but a program, sleep.
func (d *usersDocker) importImage(ref, change string, args ...string) {
	d.t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(d.program), "labapp"))
	must(d.t, err)
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	must(d.t, w.WriteHeader(&tar.Header{Name: "bin/sleep", Mode: 0o755, Size: int64(len(data)), Typeflag: tar.TypeReg}))
	_, err = w.Write(data)
	must(d.t, err)
	must(d.t, w.Close())
	d.runWith(archive.Bytes(), append(append([]string{"import", "--change", change}, args...), "-", ref)...)
}

// run runs the docker command, which has to succeed.
func (d *usersDocker) run(args ...string) string {
	d.t.Helper()
	return d.runWith(nil, args...)
}

func (d *usersDocker) runWith(input []byte, args ...string) string {
	d.t.Helper()
	out, err := d.try(input, args...)
	if err != nil {
		d.t.Errorf("docker %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// try runs the docker command, also while the test cleans up.
func (d *usersDocker) try(input []byte, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.t.Context()), hang)
	defer cancel()
	out, err := proc.Command{
		Path: d.program, Args: args, Stdin: bytes.NewReader(input), Env: []string{"DOCKER_HOST=" + d.host, "HOME=/", "PATH=/usr/bin:/bin"},
	}.Output(ctx)
	return strings.TrimSpace(string(out)), err
}

// inside lists what there is in Docker but images, a line each.
func (d *usersDocker) inside() []string {
	d.t.Helper()
	var all []string
	for _, args := range [][]string{
		{"ps", "-a", "--format", "container {{.Names}} {{.ID}} {{.State}}"}, {"volume", "ls", "--format", "volume {{.Name}}"},
		{"network", "ls", "--format", "network {{.Name}}"},
	} {
		if out := d.run(args...); out != "" {
			all = append(all, strings.Split(out, "\n")...)
		}
	}
	slices.Sort(all)
	return all
}

// wantUntouched wants in Docker what somebody else has, and nothing besides.
func (d *usersDocker) wantUntouched() {
	d.t.Helper()
	eventually(d.t, settling, "nothing of labctl's is in Docker, and all that is not", func() error {
		now := d.inside()
		return errIf(!slices.Equal(now, d.untouched), "there is\n%s\nwant\n%s", strings.Join(now, "\n"), strings.Join(d.untouched, "\n"))
	})
}

func (d *usersDocker) pid() string {
	data, err := os.ReadFile(d.pidFile)
	must(d.t, err)
	return strings.TrimSpace(string(data))
}

func (d *usersDocker) signal(s syscall.Signal) {
	d.t.Helper()
	pid, err := strconv.Atoi(d.pid())
	must(d.t, err)
	must(d.t, syscall.Kill(pid, s))
}

// end ends the engine by a signal, and waits until it is gone.
func (d *usersDocker) end(s syscall.Signal) {
	d.t.Helper()
	pid := d.pid()
	d.signal(s)
	eventually(d.t, time.Minute, "the Docker Engine ends", func() error {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		return errIf(err == nil && !bytes.Contains(stat, []byte(") Z ")), "process %s lives", pid)
	})
}

// begin starts the engine again, and waits until it answers and what was to run
// does. It belongs to the machine from then on.
func (d *usersDocker) begin() {
	d.t.Helper()
	_ = os.Remove(d.pidFile) // the number may be another's by now
	log, err := os.OpenFile(filepath.Join(filepath.Dir(d.pidFile), "log"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	must(d.t, err)
	defer log.Close()
	_, err = proc.Command{Path: d.argv[0], Args: d.argv[1:], Env: d.environ, Dir: "/", Stdout: log, Stderr: log, Detached: true}.Start()
	must(d.t, err)
	eventually(d.t, time.Minute, "the Docker Engine answers", func() error {
		out, err := d.try(nil, "ps", "-q", "--filter", "name=^bystander$")
		return errIf(err != nil || out == "", "%s%v", out, err)
	})
}

// awaitNode waits until a node of a start runs and some command in it succeeds, or
// the start has ended, and names the node.
func (d *usersDocker) awaitNode(start *running, command ...string) string {
	d.t.Helper()
	name := ""
	eventually(d.t, hang, fmt.Sprintf("a node in which %v succeeds", command), func() error {
		if start.ended() {
			d.t.Fatalf("the start ended before: %v", start.wait())
		}
		name = d.run("ps", "--filter", "label=io.x-k8s.kind.cluster", "--format", "{{.Names}}")
		if name == "" {
			return errIf(true, "no node runs")
		}
		_, err := d.try(nil, append([]string{"exec", name}, command...)...)
		return err
	})
	return name
}

// small is another engine, whose disk holds next to nothing. It makes no networks,
// so that it is in nobody's way.
func (d *usersDocker) small(w *world) *usersDocker {
	d.t.Helper()
	dir := filepath.Join(w.dir, "small")
	must(d.t, os.MkdirAll(dir, 0o700))
	must(d.t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=100m"))
	s := &usersDocker{t: d.t, host: "unix://" + dir + "/docker.sock", program: d.program, pidFile: dir + "/pid", environ: d.environ}
	p, err := proc.Command{
		Path: d.argv[0], Env: d.environ, Dir: "/", Group: true,
		Args: []string{
			"--host", s.host, "--data-root", dir + "/data", "--exec-root", dir + "/exec", "--pidfile", s.pidFile,
			"--bridge=none", "--iptables=false", "--ip6tables=false",
		},
	}.Start()
	must(d.t, err)
	s.close = sync.OnceFunc(func() {
		p.Stop(context.WithoutCancel(d.t.Context()), 20*time.Second)
		must(d.t, syscall.Unmount(dir, 0))
	})
	d.t.Cleanup(s.close)
	eventually(d.t, time.Minute, "the small Docker Engine answers", func() error {
		_, err := s.try(nil, "version")
		return err
	})
	s.untouched = s.inside()
	return s
}

// grow gives a small Docker a larger disk.
func (d *usersDocker) grow(size string) {
	d.t.Helper()
	must(d.t, syscall.Mount("tmpfs", d.disk(), "tmpfs", syscall.MS_REMOUNT, "size="+size))
}

func (d *usersDocker) disk() string { return filepath.Dir(d.pidFile) }

// fillAmidWork takes all that is left on a small Docker's disk, as soon as Docker has
// begun to write an image there.
func (d *usersDocker) fillAmidWork() {
	d.t.Helper()
	const begun = 50 << 20
	eventually(d.t, time.Minute, "Docker writes an image", func() error {
		var s syscall.Statfs_t
		must(d.t, syscall.Statfs(d.disk(), &s))
		if used := (s.Blocks - s.Bfree) * uint64(s.Bsize); used < begun {
			return fmt.Errorf("%d bytes are used", used)
		}
		return nil
	})
	f, err := os.Create(d.filling())
	must(d.t, err)
	defer func() { _ = f.Close() }()
	end := int64(0)
	for step := int64(1 << 30); step >= 4096; { // Docker writes meanwhile: take what there is
		if err := syscall.Fallocate(int(f.Fd()), 0, end, step); err != nil {
			step /= 2
			continue
		}
		end += step
	}
}

func (d *usersDocker) filling() string { return filepath.Join(d.disk(), "filling") }

// empty gives back what fillAmidWork took.
func (d *usersDocker) empty() {
	d.t.Helper()
	must(d.t, os.Remove(d.filling()))
}

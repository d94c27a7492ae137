//go:build e2e && linux

package e2e

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startKind is what a learner types.
func startKind() []string { return []string{"start", labName, "--engine", "kind"} }

// TestKindUnavailable has Docker be missing in every way: a start says which, what
// to do about it, and makes nothing.
func TestKindUnavailable(t *testing.T) {
	w, d := newKindWorld(t)
	w.open()
	old := filepath.Join(w.dir, "old.sock")
	serveOld(t, old)
	for _, c := range []struct {
		what       string
		host       string
		begin, end func()
		says       []string
	}{
		{"missing", "unix:///nowhere/docker.sock", nil, nil, []string{"no Docker Engine answers at unix:///nowhere/docker.sock", "systemctl start docker"}},
		{"no address", "nonsense", nil, nil, []string{"unable to parse docker host", "unset DOCKER_HOST"}},
		{"elsewhere", "tcp://192.0.2.1:2375", nil, nil, []string{"on another machine", "unset DOCKER_HOST"}},
		{"too old", "unix://" + old, nil, nil, []string{"too old", "1.40", "docs.docker.com/engine/install"}},
		{"forbidden", d.host, w.become, func() { w.user = nil }, []string{"you may not use the Docker Engine", "usermod -aG docker"}},
		{"silent", d.host, func() { d.signal(syscall.SIGSTOP) }, func() { d.signal(syscall.SIGCONT) }, []string{"does not answer within", "docker info"}},
		{"ended", d.host, func() { d.end(syscall.SIGKILL) }, d.begin, []string{"no Docker Engine answers", "systemctl start docker"}},
	} {
		w.docker = c.host
		if c.begin != nil {
			c.begin()
		}
		r := w.try(startKind()...)
		doc, _ := w.json(startKind()...)
		doctor := w.try("doctor") // what the engines are asked when none is named
		if c.end != nil {
			c.end()
		}
		t.Logf("%s: %v", c.what, r)
		r.wants(t, 4, append(c.says, "the engine kind cannot run here")...)
		if fault, _ := doc["error"].(map[string]any); fault["code"] != "NoEngine" {
			t.Errorf("%s: the document is %v", c.what, doc)
		}
		wantText(t, doctor.out, "warning: engine kind: ", c.says[0])
		if left := w.environments(); len(left) > 0 {
			t.Errorf("%s: made %v", c.what, left)
		}
	}
	w.docker = d.host
	d.wantUntouched()
}

// serveOld answers as Docker 19.03 does.
func serveOld(t *testing.T, path string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	must(t, err)
	must(t, os.Chmod(path, 0o777))
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.40")
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}

// withoutArchive is a directory of binaries without a node image.
func (w *world) withoutArchive() string {
	w.t.Helper()
	from, to := filepath.Dir(w.program), filepath.Join(w.dir, "noarchive")
	must(w.t, os.MkdirAll(to, 0o755))
	for _, name := range list(from) {
		if name != "node-image.tar" {
			must(w.t, os.Symlink(filepath.Join(from, name), filepath.Join(to, name)))
		}
	}
	return to
}

const nodeImage = "labctl.dev/node:v1.37.2"

// TestKindNodeImage has something else, or something for another machine, under
// the node image's name. Where labctl brings the image, it puts that in its place.
func TestKindNodeImage(t *testing.T) {
	w, d := newKindWorld(t)
	without := "LABCTL_BIN=" + w.withoutArchive()

	d.importImage(nodeImage, "ENTRYPOINT [\"/bin/sleep\", \"100000\"]", "--platform", "linux/s390x")
	w.vars = []string{without}
	w.wants(4, []string{"is for s390x", "make node-image"}, startKind()...)

	d.importImage(nodeImage, "ENTRYPOINT [\"/bin/sleep\", \"100000\"]")
	wrong := d.run("images", "-q", "--no-trunc", nodeImage)
	r := w.try(startKind()...)
	t.Log(r)
	r.wants(t, 4, "cluster failed", "docker rmi -f "+nodeImage)
	w.wantGone(w.inventory())
	d.wantUntouched()

	w.vars = nil
	w.labctl(startKind()...)
	if now := d.run("images", "-q", "--no-trunc", nodeImage); now == wrong {
		t.Error("the wrong image still has the name")
	}
	if all := d.run("images", "-aq", "--no-trunc"); strings.Contains(all, wrong) {
		t.Error("the wrong image is still there")
	}
	loaded := d.run("images", "-q", "--no-trunc", nodeImage)
	w.labctl("stop")
	start := w.begin(startKind()...) // does not load it again
	d.awaitNode(start, "true")
	start.signal(os.Interrupt)
	start.wait()
	if now := d.run("images", "-q", "--no-trunc", nodeImage); now != loaded {
		t.Errorf("the image was %s, and is %s", loaded, now)
	}
}

// TestKindStartLosesDocker ends Docker, or silences it, amid starts.
func TestKindStartLosesDocker(t *testing.T) {
	w, d := newKindWorld(t)
	for _, c := range []struct {
		what   string
		inside []string // a command that succeeds in the node from then on
		lose   func()
		back   func()
		says   string
	}{
		{"killed, the node boots", []string{"true"}, func() { d.end(syscall.SIGKILL) }, d.begin, "no Docker Engine answers"},
		{"killed, the node joins", []string{"test", "-f", "/etc/kubernetes/kubelet.conf"}, func() { d.end(syscall.SIGKILL) }, d.begin, "no Docker Engine answers"},
		{"silent", []string{"test", "-f", "/etc/kubernetes/kubelet.conf"}, func() { d.signal(syscall.SIGSTOP) }, func() { d.signal(syscall.SIGCONT) }, "does not answer"},
	} {
		before := w.inventory()
		start := w.begin(startKind()...)
		d.awaitNode(start, c.inside...)
		c.lose()
		r := start.wait()
		t.Logf("%s: %v", c.what, r)
		left := w.find("supervisor")
		c.back()
		r.wants(t, 4, "cluster failed", c.says, "labctl gc", "docker")
		if len(left) > 0 {
			t.Errorf("%s: the supervisor lives on: %v", c.what, left)
		}
		w.labctl("gc")
		w.wantGone(before)
		d.wantUntouched()
	}
}

// TestKindStartRunsOutOfRoom fills what a start writes to: Docker's disk, and the
// home.
func TestKindStartRunsOutOfRoom(t *testing.T) {
	w, d := newKindWorld(t)
	t.Run("home", func(t *testing.T) {
		before := w.inventory()
		w.mountHome(0, "size=16k")
		r := w.try(startKind()...)
		t.Log(r)
		r.wants(t, 4, "no space left", "LABCTL_HOME")
		if left := w.environments(); len(left) > 0 {
			t.Errorf("made %v", left)
		}
		must(t, syscall.Unmount(w.home, 0))
		before.wantSame(t)
		d.wantUntouched()
	})
	t.Run("docker", func(t *testing.T) {
		before := w.inventory()
		small := d.small(w)
		w.docker = small.host
		r := w.try(startKind()...) // sees that there is too little, and begins nothing
		t.Log(r)
		r.wants(t, 4, "cannot run here", "of disk left", "docker system df")

		small.grow("5g")
		start := w.begin(startKind()...)
		small.fillAmidWork() // somebody else was quicker
		r = start.wait()
		t.Log(r)
		r.wants(t, 4, "cluster failed", "no space left", "docker system df")
		small.empty()
		if left := small.inside(); len(left) != len(small.untouched) {
			t.Errorf("left in Docker: %v", left)
		}
		if images := small.run("images", "-aq"); images != "" {
			t.Errorf("left images: %s", images)
		}
		small.close()
		w.docker = d.host
		w.wantGone(before)
	})
}

// TestKindInterruptStart presses Ctrl-C in each step of a start.
func TestKindInterruptStart(t *testing.T) {
	w, d := newKindWorld(t)
	for _, when := range []struct {
		says   string
		inside []string
	}{
		{says: "state:"}, {inside: []string{"true"}}, {inside: []string{"test", "-f", "/etc/kubernetes/kubelet.conf"}},
		{says: "cluster:"}, {says: "images:"}, {says: "manifests:"}, {says: "workloads:"}, {says: "workspace:"},
	} {
		before := w.inventory()
		start := w.begin(startKind()...)
		if when.says != "" {
			start.says(when.says, 1)
		} else {
			d.awaitNode(start, when.inside...)
		}
		start.signal(os.Interrupt)
		r := start.wait()
		t.Logf("Ctrl-C after %v: %v", when, r)
		if r.code == 0 { // it was quicker
			w.labctl("stop")
		} else {
			r.wants(t, 130, "interrupted")
		}
		w.wantGone(before)
		d.wantUntouched()
	}
}

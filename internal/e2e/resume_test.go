//go:build e2e && linux

package e2e

import (
	"net"
	"strconv"
	"testing"
	"time"
)

// mending is how long an environment may take to work again by itself after a
// component crashed, on a busy machine.
const mending = 90 * time.Second

// TestReboot ends all of an environment's processes at once, as a reboot does,
// and brings the environment back, also when its port has gone to another.
func TestReboot(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	w.labctl("start", labName)
	w.settle()
	w.kubectl("create", "deployment", "web", "--image=labctl.dev/hello:v1", "--replicas=2")
	w.kubectl("expose", "deployment", "web", "--port=8000", "--target-port=8080")
	w.kubectl("rollout", "status", "deployment/web", "--timeout=3m")
	work := w.work()
	port := w.port()

	for _, part := range []string{"supervisor", "labkube", "labinit"} {
		w.kill(part)
	}
	w.wantDead()
	w.wants(4, []string{"not running", "labctl start"}, "check")
	w.wants(0, []string{"stopped", "labctl start"}, "status")
	var squatter net.Listener
	eventually(t, settling, "the port is free", func() (err error) {
		squatter, err = net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		return err
	})
	defer squatter.Close()
	w.wants(0, []string{"is back"}, "start", labName)
	if now := w.port(); now == port {
		t.Errorf("the API server is on port %d, which is taken", now)
	}
	w.wantSettled()
	w.wantWork(work)
	w.kubectl("rollout", "status", "deployment/web", "--timeout=3m")
	eventually(t, mending, "the Service answers", func() error {
		r := w.begin("kubectl", "exec", "keeper", "--", "wget", "-q", "-O", "-", "http://web:8000/").wait()
		return errIf(r.code != 0, "%v", r)
	})

	must(t, squatter.Close())
	w.labctl("stop", "--keep")
	w.wantDead()
	w.wants(0, []string{"is back"}, "start")
	w.wantSettled()
	w.labctl("stop")
	w.wantGone(before)
}

func (w *world) port() int {
	w.t.Helper()
	d, r := w.json("status")
	r.wants(w.t, 0)
	return int(d["environments"].([]any)[0].(map[string]any)["port"].(float64))
}

// TestComponentsCrash kills single components. Each has to be mended, or the
// environment called broken.
func TestComponentsCrash(t *testing.T) {
	w := newWorld(t)
	w.labctl("start", labName)
	w.settle()
	for i, part := range []string{"labkube", "containerd"} {
		if w.kill(part) == 0 {
			t.Fatalf("there is no %s", part)
		}
		began := time.Now()
		w.wantRunning(mending)
		t.Logf("after %s crashed, all was well within %v", part, time.Since(began).Round(time.Millisecond))
		w.wantSettled()
		name := "after-" + strconv.Itoa(i)
		w.kubectl("create", "deployment", name, "--image=labctl.dev/hello:v1")
		w.kubectl("rollout", "status", "deployment/"+name, "--timeout=2m")
	}
	if w.kill("labinit") == 0 {
		t.Fatal("there is no labinit")
	}
	eventually(t, mending, "status calls it broken", func() error {
		r := w.begin("status").wait()
		wantRight := r.code == 0 && containsAll(r.out, "broken", "labctl start")
		return errIf(!wantRight, "%v", r)
	})
	w.wants(0, []string{"is back"}, "start")
	w.wantSettled()
	w.wantRunning(mending)
}

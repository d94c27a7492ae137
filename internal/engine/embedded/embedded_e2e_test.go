//go:build e2e && linux

package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/proc"
)

const workload = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
      containers:
      - {name: web, image: "labctl.dev/web:v1", readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: tool}
spec:
  terminationGracePeriodSeconds: 1
  nodeName: lab-control-plane
  containers: [{name: tool, image: "labctl.dev/tool:v1"}]
`

// deploy runs the workload and waits until it serves.
func (w *world) deploy(t *testing.T) {
	t.Helper()
	w.kubectl(t, workload, "apply", "-f", "-")
	w.kubectl(t, "", "wait", "--for=condition=Ready", "pod/tool", "--timeout=60s")
	w.kubectl(t, "", "rollout", "status", "deploy/web", "--timeout=60s")
	w.wantServing(t)
}

func (w *world) wantServing(t *testing.T) {
	t.Helper()
	eventually(t, "ask the Service by its name", func(ctx context.Context) error {
		out, err := w.tryKubectl(ctx, "", "exec", "tool", "--", "curl", "-s", "http://web/")
		if err == nil && !strings.Contains(out, "pod: web-") {
			err = fmt.Errorf("got %q", out)
		}
		return err
	})
}

func TestUpServesAndDownLeavesNothing(t *testing.T) {
	w := newWorld(t, 1)
	c := w.up(t)
	w.load(t, c)
	w.deploy(t)
	if err := c.Health(t.Context()); err != nil {
		t.Error(err)
	}
	if again, err := w.engine().Attach(t.Context(), engine.Spec{ID: "e2e-nothing", Dir: filepath.Join(w.dir, "nothing")}, w.ledger(), engine.Quiet); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("attach to nothing: %v, %v", again, err)
	}
	begin := time.Now()
	if err := w.engine().Down(t.Context(), w.spec()); err != nil {
		t.Fatal(err)
	}
	t.Logf("down took %s", time.Since(begin).Round(time.Millisecond))
	w.wantNoTraces(t)
}

// Pods speak to the world through the host, but not to the host's loopback.
func TestPodsAndTheWorld(t *testing.T) {
	w := newWorld(t, 1)
	c := w.up(t)
	w.load(t, c)
	w.deploy(t)
	secret := serve(t, "127.0.0.1")
	for name, to := range map[string]string{"loopback": secret, "the gateway": "10.98.0.1:" + port(secret), "the API server's port": "10.98.0.1:" + strconv.Itoa(c.Port())} {
		// Refused, not dropped: nobody has to wait for a timeout.
		if out, err := w.tryKubectl(t.Context(), "", "exec", "tool", "--", "curl", "-sS", "http://"+to+"/"); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("a pod asks %s, and is not refused: %q, %v", name, out, err)
		}
	}
	host := outwardAddress(t)
	if out := w.kubectl(t, "", "exec", "tool", "--", "curl", "-s", "http://"+serve(t, host)+"/"); !strings.Contains(out, "welcome") {
		t.Errorf("a pod cannot reach the host's network: %q", out)
	}
	if out := w.kubectl(t, "", "exec", "tool", "--", "dns", "labctl.invalid"); !strings.Contains(out, `"errorKind":"notfound"`) {
		t.Errorf("a name that does not exist: %s", out)
	}
}

// What is killed comes back, without harm to what the learner made.
func TestComponentsComeBack(t *testing.T) {
	w := newWorld(t, 1)
	c := w.up(t)
	w.load(t, c)
	w.deploy(t)
	for _, name := range []string{"containerd", "labkube"} {
		pid := w.find(t, name)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, name+" is started again", func(context.Context) error {
			if w.find(t, name) == pid {
				return errors.New("it still has its old number")
			}
			return nil
		})
		eventually(t, "the cluster works again", c.Health)
		w.wantServing(t)
	}
	select {
	case <-c.Done():
		t.Fatalf("the cluster gave up: %v", c.Err())
	default:
	}
}

func TestACrashLoopBreaksTheCluster(t *testing.T) {
	w := newWorld(t, 1)
	c := w.up(t)
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-c.Done():
			if err := c.Err(); err == nil || !strings.Contains(err.Error(), "containerd") {
				t.Errorf("the reason %v does not name containerd", err)
			}
			return
		case <-tick.C:
			if pid := w.find(t, "containerd"); pid != 0 {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		case <-deadline:
			t.Fatal("the cluster crashes on and on in silence")
		}
	}
}

// When the holder is killed, everything ends with it; what the learner made is
// there again after Attach.
func TestTheHolderIsKilled(t *testing.T) {
	w := newWorld(t, 1)
	holder := w.hold(t)
	w.kubectl(t, "", "create", "configmap", "mine", "--from-literal=a=b")
	if err := syscall.Kill(holder.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-holder.Done()
	eventually(t, "the nodes end", func(context.Context) error {
		if w.find(t, "labkube") != 0 {
			return errors.New("labkube is still there")
		}
		return nil
	})
	c, err := w.engine().Attach(timeout(t, time.Minute), w.spec(), w.ledger(), engine.Quiet)
	if err != nil {
		t.Fatal(err)
	}
	w.kubectl(t, "", "get", "configmap", "mine")
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.engine().Down(t.Context(), w.spec()); err != nil {
		t.Fatal(err)
	}
	w.wantNoTraces(t)
}

// Whenever Up is cut off, by its context or by a kill, nothing stays.
func TestUpIsCutOff(t *testing.T) {
	const tries = 4
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range tries {
		after := time.Duration(random.IntN(1500)) * time.Millisecond
		t.Run(fmt.Sprintf("cancelled%d", i), func(t *testing.T) {
			w := newWorld(t, 1+i%2)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			left := 1 + i // the part that comes up as it is cut off: long before all are
			cut := func(string) {
				if left--; left == 0 {
					cancel()
				}
			}
			if _, err := w.engine().Up(ctx, w.spec(), w.ledger(), cut); !errors.Is(err, context.Canceled) {
				t.Fatalf("after %d parts: %v", 1+i, err)
			}
			w.wantNoTraces(t)
		})
		t.Run(fmt.Sprintf("killed%d", i), func(t *testing.T) {
			w := newWorld(t, 1)
			holder, _ := w.startHolder(t)
			<-time.After(after)
			_ = syscall.Kill(holder.PID(), syscall.SIGKILL)
			<-holder.Done()
			if err := w.engine().Down(timeout(t, 30*time.Second), w.spec()); err != nil {
				t.Fatal(err)
			}
			w.wantNoTraces(t)
		})
	}
}

func TestNodesAreLostAndReturn(t *testing.T) {
	w := newWorld(t, 2)
	c := w.up(t)
	w.load(t, c)
	w.deploy(t)
	if err := c.StopNode(t.Context(), "lab-worker"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the loss is noticed", func(ctx context.Context) error {
		out, err := w.tryKubectl(ctx, "", "get", "node", "lab-worker", "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`)
		if err == nil && out == "True" {
			err = errors.New("lab-worker still counts as ready")
		}
		return err
	})
	if err := c.Health(t.Context()); err != nil {
		t.Errorf("a node that was stopped is no failure: %v", err)
	}
	// One that does not come up in time is off again, and in nobody's way.
	for _, patience := range []time.Duration{time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond} {
		if err := c.StartNode(timeout(t, patience), "lab-worker"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("in %v: %v", patience, err)
		}
		if err := c.Health(t.Context()); err != nil {
			t.Errorf("a node that did not come up in %v is no failure: %v", patience, err)
		}
	}
	if err := c.StartNode(timeout(t, time.Minute), "lab-worker"); err != nil {
		t.Fatal(err)
	}
	w.kubectl(t, "", "wait", "--for=condition=Ready", "node/lab-worker", "--timeout=30s")
	w.kubectl(t, "", "rollout", "status", "deploy/web", "--timeout=60s")
	w.wantServing(t)
}

// A reset has every node's volumes to put back, so it needs those that are off.
func TestAResetBringsLostNodesBack(t *testing.T) {
	w := newWorld(t, 2)
	c := w.up(t)
	if err := c.Baseline(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.StopNode(t.Context(), "lab-worker"); err != nil {
		t.Fatal(err)
	}
	w.kubectl(t, "apiVersion: v1\nkind: Node\nmetadata: {name: only-written}\n", "apply", "-f", "-")
	if err := c.Reset(timeout(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := w.kubectl(t, "", "get", "nodes", "-o", `jsonpath={.items[*].metadata.name}`); got != "lab-control-plane lab-worker" {
		t.Errorf("the nodes are %s", got)
	}
	w.kubectl(t, "", "wait", "--for=condition=Ready", "node/lab-worker", "--timeout=5s")
}

func TestATakenPortIsReplaced(t *testing.T) {
	w := newWorld(t, 1)
	taken := serve(t, "127.0.0.1")
	spec := w.spec()
	spec.Port, _ = strconv.Atoi(port(taken))
	c, err := w.engine().Up(timeout(t, time.Minute), spec, w.ledger(), engine.Quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	if c.Port() == spec.Port {
		t.Error("the port is taken twice")
	}
	w.kubectl(t, "", "get", "nodes")
}

// find returns the process of this cluster with this program, 0 for none.
func (w *world) find(t *testing.T, program string) int {
	t.Helper()
	entries, _ := filepath.Glob("/sys/fs/cgroup/pids/labctl/" + string(w.id) + "/*/cgroup.procs")
	more, _ := filepath.Glob("/sys/fs/cgroup/labctl/" + string(w.id) + "/*/system/cgroup.procs")
	for _, path := range append(entries, more...) {
		data, _ := os.ReadFile(path)
		for pid := range strings.FieldsSeq(string(data)) {
			if name, _ := os.ReadFile("/proc/" + pid + "/comm"); strings.TrimSpace(string(name)) == program {
				n, _ := strconv.Atoi(pid)
				return n
			}
		}
	}
	return 0
}

// hold starts a process that holds the cluster and waits until it is up.
func (w *world) hold(t *testing.T) *proc.Process {
	t.Helper()
	p, out := w.startHolder(t)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "up\n" {
		t.Fatalf("the holder said %q, %v", line, err)
	}
	return p
}

func (w *world) startHolder(t *testing.T) (*proc.Process, io.Reader) {
	t.Helper()
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p, err := proc.Command{
		Path:   os.Args[0],
		Env:    append(os.Environ(), holdEnv+"="+w.dir, holdEnv+"_ID="+string(w.id)),
		Stdout: out,
	}.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop(context.Background(), 0) })
	return p, r
}

func serve(t *testing.T, host string) string {
	t.Helper()
	l, err := net.Listen("tcp4", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "welcome")
	})}
	t.Cleanup(func() { server.Close() })
	go func() { _ = server.Serve(l) }() // it ends with the cleanup
	return l.Addr().String()
}

func port(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }

// outwardAddress is an address of this machine that is not its loopback.
func outwardAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no network")
	return ""
}

//go:build linux

package initd

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"labctl.dev/labctl/internal/node"
)

func TestComponentsOfARole(t *testing.T) {
	tests := map[string]struct {
		index int
		role  node.Role
		want  string
	}{
		"server": {1, node.Server, "labkube server --api-fd 3 --control-fd 4 --node-name lab-control-plane --node-ip 10.98.0.11 --index 1 --data-dir /node"},
		"agent":  {2, node.Agent, "labkube agent --control-fd 4 --node-name lab-worker --node-ip 10.98.0.12 --index 2 --data-dir /node"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			all := components(node.Config{Index: tt.index, Name: node.Name(tt.index), Role: tt.role})
			last := all[len(all)-1]
			if got := strings.Join(last.argv, " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			for _, c := range all {
				if !strings.Contains(strings.Join(c.env, " "), "PATH=/bin") {
					t.Errorf("%s has the environment %q", c.name, c.env)
				}
			}
		})
	}
}

// A component that crashes is due again, later each time, until it is given up.
func TestCrashesAreCounted(t *testing.T) {
	log, err := openLog(t.TempDir(), "x")
	if err != nil {
		t.Fatal(err)
	}
	log.follow(io.NopCloser(strings.NewReader("a\nlast words")))
	var out bytes.Buffer
	report := &reporter{w: &out, start: time.Now()}
	again := make(chan *component, maxCrashes+1)
	c := &component{name: "x", log: log, status: syscall.WaitStatus(syscall.SIGSEGV), since: time.Now()}
	for i := range maxCrashes {
		if err := c.ended(report, again); err != nil {
			t.Fatalf("given up at crash %d: %v", i+1, err)
		}
	}
	if err := c.ended(report, again); err == nil || !strings.Contains(err.Error(), "signal 11") {
		t.Errorf("crash %d: %v", maxCrashes+1, err)
	}
	c.since = time.Now().Add(-2 * healthyAfter)
	if err := c.ended(report, again); err != nil {
		t.Errorf("old crashes are not forgiven: %v", err)
	}
	var first node.Event
	if err := json.NewDecoder(&out).Decode(&first); err != nil {
		t.Fatal(err)
	}
	if first.Event != node.Exited || len(first.Log) != 2 || first.Log[1] != "last words" {
		t.Errorf("the first event is %+v", first)
	}
	var kill node.Event
	c.status, c.crashes = syscall.WaitStatus(syscall.SIGKILL), 0
	out.Reset()
	if err := errors.Join(c.ended(report, again), json.NewDecoder(&out).Decode(&kill)); err != nil || kill.Log != nil {
		t.Errorf("a component that was killed is quoted: %+v, %v", kill, err)
	}
	select {
	case <-again:
	case <-time.After(5 * time.Second):
		t.Error("the component is never due again")
	}
	out.Reset()
	c.crashes, c.status = 0, syscall.WaitStatus(syscall.SIGKILL)
	if err := c.ended(report, again); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "last words") || !strings.Contains(text, "signal 9") {
		t.Errorf("what is killed has not said why, but: %s", text)
	}
}

func TestLogsAreBounded(t *testing.T) {
	dir := t.TempDir()
	log, err := openLog(dir, "x")
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("x", 1000) + "\n"
	log.copy(strings.NewReader(strings.Repeat(line, 3*maxLog/len(line)) + "end\n"))
	for _, name := range []string{"x.log", "x.log.1"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Size() > maxLog {
			t.Errorf("%s: %v bytes, %v", name, info.Size(), err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "x.log"))
	if err != nil || !strings.HasSuffix(string(data), "end\n") {
		t.Errorf("the end is lost: %v", err)
	}
	if len(log.last) != tailLines || log.last[tailLines-1] != "end\n" {
		t.Errorf("the last lines are %d, ending in %q", len(log.last), log.last[len(log.last)-1])
	}
	again, err := openLog(dir, "x")
	if err != nil {
		t.Fatal(err)
	}
	again.write([]byte("new\n"))
	if old, err := os.ReadFile(filepath.Join(dir, "x.log.1")); err != nil || !bytes.Equal(old, data) {
		t.Errorf("a new start loses the log of the one before: %v", err)
	}
}

func TestConfigurationFiles(t *testing.T) {
	all, err := template.ParseFS(templates, "etc/*")
	if err != nil {
		t.Fatal(err)
	}
	s := settings{
		Config: node.Config{Name: "lab-worker"}, Gateway: "10.98.0.1", PodNet: "10.244.2.0/24",
		Nodes: []peer{{"10.98.0.11", "lab-control-plane"}}, Layers: layers{"overlayfs", "volatile"}, MachineID: "0123",
	}
	for file, want := range map[string]string{
		"hosts":              "10.98.0.11 lab-control-plane\n",
		"hostname":           "lab-worker\n",
		"resolv.conf":        "nameserver 10.98.0.1\n",
		"containerd.toml":    `mount_options = ["volatile"]`,
		"10-labctl.conflist": `"subnet": "10.244.2.0/24"`,
		"machine-id":         "0123\n",
	} {
		var b strings.Builder
		if err := all.ExecuteTemplate(&b, file, s); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%s lacks %q: %v\n%s", file, want, err, b.String())
		}
	}
}

func TestPlaces(t *testing.T) {
	for name, want := range map[string]string{
		"hosts": "/etc/hosts", "containerd.toml": "/etc/containerd/config.toml", "10-labctl.conflist": "/etc/cni/net.d/10-labctl.conflist",
	} {
		if got := place(name); got != want {
			t.Errorf("%s goes to %s", name, got)
		}
	}
}

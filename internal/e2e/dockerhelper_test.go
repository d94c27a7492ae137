//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// askingLab asks from inside a network until it is told to stop, and counts who is in
// that network.
const askingLab = `
apiVersion: labctl.dev/v1alpha1
name: asking
title: Asking
summary: Requests from inside.
level: beginner
minutes: 5
needs: {components: [docker]}
images:
  web: {ref: "labctl.dev/web:v1", app: web, env: {VERSION: v1}}
tasks:
- id: ask
  title: Ask
  hints: [h]
  checks:
  - {id: long, title: T, expect: [{http: {url: "http://web:8080/", from: shop}, that: "self.status == 999", code: A, message: M, within: 120s}]}
  - id: counted
    title: T
    expect:
    - {http: {url: "http://web:8080/", from: shop}, that: "self.status == 200", code: B, message: M}
    - {docker: {network: shop}, that: "self.Containers.size() == 2", code: C, message: M}
    - {http: {container: web, port: 8080}, that: "self.status == 200", code: B, message: M}
    - {docker: {list: container}, that: "self.items.size() == 2", code: C, message: M}
`

// TestHelpersInNetworks kills and interrupts checks that ask from inside a network,
// and takes helper and network away from under them.
func TestHelpersInNetworks(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	for name, text := range map[string]string{"lab.yaml": askingLab, "tasks/ask.md": "# Ask\n\n<!-- explanation -->\nWell.\n"} {
		path := filepath.Join(w.dir, "asking", name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	w.labctl("start", "./asking", "--trust")
	// A container of the learner's counts, whatever it is called and passes for.
	w.inShell(`docker network create shop && docker run -d --name web --network shop labctl.dev/web:v1
docker run -d --name labctl-helper-mine --label dev.labctl.helper=true --network shop labctl.dev/web:v1`)
	w.wants(0, nil, "check", "ask/counted")
	w.wantHelpers("after a check", 0)

	command := w.begin("check", "ask/long")
	w.awaitHelper()
	command.kill()
	<-command.process.Done()
	w.awaitHelpers("after labctl was killed", 0)

	command = w.begin("check", "ask/long")
	w.awaitHelper()
	command.signal(syscall.SIGINT)
	command.wait().wants(t, 130)
	w.wantHelpers("after labctl was interrupted", 0)

	// Without its helper the check goes on with another one, and without the network
	// there is a finding, not an error.
	command = w.begin("check", "ask/long")
	first := w.awaitHelper()
	w.inShell("docker rm -f " + first)
	eventually(t, time.Minute, "another helper comes", func() error {
		now := w.helpers()
		return errIf(len(now) != 1 || now[0] == first, "there is %v, after %s", now, first)
	})
	w.inShell(`docker rm -f web labctl-helper-mine
until docker network rm shop; do for h in $(docker ps -q --filter name=labctl-helper); do docker network disconnect -f shop $h; done; done`)
	command.wait().wants(t, 1, "network shop")
	w.wantHelpers("after its network went", 0)

	w.labctl("stop", "--discard")
	before.wantSame(t)
}

// helpers are the checker's containers, by name.
func (w *world) helpers() []string {
	w.t.Helper()
	out := w.inShell(`docker ps -a --filter label=dev.labctl.helper --format '{{.Names}} helps' | grep -v mine; true`)
	var names []string
	for line := range strings.Lines(out) {
		if name, is := strings.CutSuffix(strings.TrimSpace(line), " helps"); is {
			names = append(names, name)
		}
	}
	return names
}

func (w *world) wantHelpers(when string, want int) {
	w.t.Helper()
	if now := w.helpers(); len(now) != want {
		w.t.Errorf("%s there is %v", when, now)
	}
}

func (w *world) awaitHelpers(when string, want int) {
	w.t.Helper()
	eventually(w.t, settling, when, func() error {
		now := w.helpers()
		return errIf(len(now) != want, "there is %v", now)
	})
}

// awaitHelper waits for the one helper there is, and returns its name.
func (w *world) awaitHelper() (name string) {
	w.t.Helper()
	eventually(w.t, time.Minute, "a helper comes", func() error {
		now := w.helpers()
		if len(now) == 1 {
			name = now[0]
		}
		return errIf(len(now) != 1, "there is %v", now)
	})
	return name
}

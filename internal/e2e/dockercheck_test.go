//go:build e2e && linux

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// probing are checks with every probe of Docker's that there is, each for what is
// there and, where it can tell, for what is not.
const probing = `
  - {id: inspect, title: T, expect: [
      {docker: {container: web}, that: "self.State.Running && self.Config.Image == images['web'] && self.Config.User == '0'", code: A, message: M},
      {docker: {image: mine}, that: "self.History.size() > 2", code: A, message: M},
      {docker: {network: shop}, that: "self.Name == 'shop' && self.Containers.size() == 2", code: A, message: M},
      {docker: {volume: data}, that: "self.Name == 'data'", code: A, message: M},
      {docker: {compose: front}, that: "self.Name == '/p-front-1'", code: A, message: M},
      {docker: {container: db, absent: true}, code: A, message: M},
      {docker: {network: nowhere, absent: true}, code: A, message: M},
      {docker: {list: container, filters: {label: mark}}, that: "self.items.size() == 1 && self.items[0].Name == '/web'", code: A, message: M},
      {docker: {list: container}, that: "self.items.size() == 4", code: A, message: M},
      {docker: {list: image}, that: "self.items.size() == 3", code: A, message: M},
      {docker: {image: mine, search: copied-b94f2a63}, that: "self.Search.size() == 1 && self.Search[0].path == '/copied'", code: A, message: M},
      {docker: {image: mine, search: secret-7c1e55d0}, that: "self.Search.size() == 0", code: A, message: M}]}
  - {id: ask, title: T, expect: [
      {http: {container: web, port: 8080, path: /kv/a}, that: "self.status == 200 && self.body.startsWith('one')", code: B, message: M},
      {http: {container: side, port: 8080, path: /version}, that: "self.status == 200", code: B, message: M},
      {http: {url: "http://127.0.0.1:38477", path: /version}, that: "self.status == 200", code: B, message: M},
      {http: {url: "http://web:8080/", from: shop, count: 3}, that: "self.ok == 3", code: B, message: M},
      {http: {url: "http://nobody:8080/", from: shop}, that: "self.errorKind == 'dns'", code: B, message: M}]}
  - {id: inside, title: T, expect: [
      {exec: {of: container/web, command: [sh, -c, "echo '{\"a\": 1}'; exit 3"]}, that: "self.exitCode == 3 && self.json.a == 1", code: C, message: M},
      {exec: {of: container/web, command: [nosuch]}, that: "self.exitCode == 127 && self.stdout == '' && self.stderr != ''", code: C, message: M},
      {exec: {of: container/web, command: [sh, -c, "seq 1 300000"]}, that: "self.exitCode == 0 && self.stdout.size() > 1000000", code: C, message: M},
      {logs: {of: compose/front, tail: 1}, that: "self.lines.size() == 1", code: C, message: M},
      {script: {file: checks/ps.sh}, that: "self.n >= 4", code: C, message: M}]}
  - {id: forged, title: T, expect: [{http: {container: store, port: 9}, that: "self.errorKind == 'refused'", code: D, message: M}]}
  - {id: gone, title: T, expect: [{exec: {of: container/nobody, command: [id]}, code: E, message: M}]}
`

// disturbing are the stimuli, by the name of their check. Each waits for what never
// comes, so that there is time to kill.
func disturbing() []struct{ name, do string } {
	return []struct{ name, do string }{
		{"stop", "{stop: web}"}, {"kill", "{kill: web}"}, {"pause", "{pause: web}"}, {"restart", "{restart: web}"},
		{"recreate", "{recreate: container/web}"}, {"disconnect", "{disconnect: web, from: shop}"},
		{"run", "{run: {name: labctl-trial, image: mine, network: shop, memory: 64m, readOnly: true, volumes: [\"labctl-trial:/x\"]}}"},
	}
}

func probingLab() map[string]string {
	const head = `
apiVersion: labctl.dev/v1alpha1
name: probing
title: Probing
summary: Every probe.
level: beginner
minutes: 5
needs: {components: [docker]}
images:
  web: {ref: "labctl.dev/web:v1", app: web, env: {VERSION: v1}}
tasks:
- id: run
  title: Run it
  hints: [h]
  checks:`
	const text = "# $(images.web)\n\n<!-- explanation -->\nWell.\n"
	files := map[string]string{
		"tasks/run.md": text, "tasks/disturb.md": text,
		"checks/ps.sh":         "docker ps -q | wc -l | jq '{n: .}'\n",
		"workspace/Dockerfile": "FROM labctl.dev/web:v1\nUSER 0\nCOPY copied /copied\nRUN --mount=type=secret,id=token test -s /run/secrets/token && rm /copied\n",
		"workspace/token":      secretToken,
		"workspace/copied":     copiedToken,
	}
	var b strings.Builder
	b.WriteString(head + probing)
	b.WriteString("- id: disturb\n  title: Disturb it\n  hints: [h]\n  checks:\n")
	for _, d := range disturbing() {
		fmt.Fprintf(&b, "  - {id: %s, title: T, when: [{docker: %s}], expect: [{docker: {container: web}, that: \"self.Name == 'no'\", within: 60s, code: F, message: M}]}\n", d.name, d.do)
	}
	files["lab.yaml"] = b.String()
	return files
}

// dockerWork is the learner's. What is precious is in the container's own layer.
const dockerWork = `
docker build -q --secret id=token,src=token -t mine . && docker network create shop >/dev/null
docker run -d --name web --label mark --network shop -p 38477:8080 -v data:/data -e DATA_DIR=/bin --user 0 labctl.dev/web:v1
docker run -d --name store --network shop labctl.dev/web:v1
docker run -d --name side --network container:web --entrypoint sleep labctl.dev/web:v1 1000
docker run -d --name p-front-1 --label com.docker.compose.service=front --label com.docker.compose.project=p labctl.dev/web:v1
docker exec web sh -c 'until curl -s -f -X PUT -d one http://127.0.0.1:8080/kv/a; do sleep 0.1; done'
`

// TestDockerChecks looks at containers by every probe, then kills labctl amid every
// stimulus: the next command has to bring the learner's container back.
func TestDockerChecks(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	for name, text := range probingLab() {
		path := filepath.Join(w.dir, "probing", name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	w.labctl("start", "./probing", "--trust", "--docker", "own")
	w.inShell(dockerWork)
	// The helper's image is gone, or its name is another's, who would answer.
	for _, change := range []string{"true", "docker rmi -f labctl.dev/prober:1", "docker tag mine labctl.dev/prober:1"} {
		w.inShell(change)
		r := w.try("check", "run/ask", "run/forged")
		r.wants(t, 0)
	}
	w.inShell("docker rmi labctl.dev/prober:1 >/dev/null; docker image prune -f >/dev/null")
	w.wants(0, nil, "check", "run/ask")
	r := w.try("check", "run", "--explain")
	r.wants(t, 1, "there is no container nobody")
	if n := strings.Count(r.out, "  pass "); n != 4 {
		t.Errorf("%d of 4 pass: %v", n, r)
	}
	wanted := w.containers()
	for i, d := range disturbing() {
		for _, after := range []string{"begin", "done"} {
			w.killAmid(d.name, after, []string{"gc", "check"}[i%2])
			w.wantBack(wanted, d.name+", killed at its "+after)
		}
	}
	w.labctl("stop", "--discard")
	before.wantSame(t)
}

// killAmid kills labctl while it does a stimulus, or when it has been done, and has
// another command take it back.
func (w *world) killAmid(check, after, next string) {
	w.t.Helper()
	ledger := filepath.Join(w.home, "envs/probing/ledger.jsonl")
	lines := func() int { data, _ := os.ReadFile(ledger); return bytes.Count(data, []byte("\n")) }
	from := lines()
	command := w.begin("check", "disturb/"+check)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for lines() == from && !command.ended() {
		<-tick.C
	}
	if after == "done" {
		w.awaitEffect(check)
	}
	if command.ended() {
		w.t.Errorf("%s ended before it was killed: %v", check, command.wait())
	}
	command.kill()
	<-command.process.Done()
	switch next {
	case "gc":
		w.labctl("gc")
	default:
		w.wants(0, nil, "check", "run/forged")
	}
}

// awaitEffect waits until a stimulus can be seen.
func (w *world) awaitEffect(check string) {
	w.t.Helper()
	sign := map[string]string{
		"stop": "web exited", "kill": "web exited", "pause": "web paused", "recreate": "labctl-aside", "run": "labctl-trial running", "disconnect": "web running []",
	}[check]
	if sign == "" {
		return // a restart leaves none
	}
	eventually(w.t, time.Minute, check+" shows", func() error {
		now := w.containers()
		return errIf(!strings.Contains(now, sign), "there is\n%s", now)
	})
}

// containers are all there are, a line each, by name.
func (w *world) containers() string {
	w.t.Helper()
	return w.inShell(`docker inspect -f '{{slice .Name 1}} {{.State.Status}} [{{range $n, $_ := .NetworkSettings.Networks}}{{$n}}{{end}}] {{.Id}}' $(docker ps -aq) | sort; docker volume ls -q`)
}

// wantBack wants the containers as they were, at rest, and what is in them.
func (w *world) wantBack(wanted, what string) {
	w.t.Helper()
	for range 2 {
		if now := w.containers(); now != wanted {
			w.t.Errorf("after %s there is\n%swant\n%s", what, now, wanted)
		}
		<-time.After(400 * time.Millisecond) // for what the engine may still be doing
	}
	eventually(w.t, settling, "web answers after "+what, func() error {
		r := w.beginWith("curl -s -m 2 http://127.0.0.1:38477/kv/a || docker exec web curl -s http://127.0.0.1:38477/kv/a\nexit 0\n", "shell").wait()
		return errIf(!strings.Contains(r.out, "one"), "%v", r)
	})
}

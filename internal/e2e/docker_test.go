//go:build e2e && linux

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// These are found wherever they are.
const (
	secretToken = "secret-7c1e55d0"
	copiedToken = "copied-b94f2a63"
)

// dockerLab is a lab that needs Docker and no cluster.
func dockerLab() map[string]string {
	return map[string]string{
		"lab.yaml": `
apiVersion: labctl.dev/v1alpha1
name: containers
title: Containers
summary: Run one.
level: beginner
minutes: 5
needs: {components: [docker]}
images:
  web: {ref: "labctl.dev/web:v1", app: web, env: {VERSION: v1}}
  tools: {ref: "labctl.dev/tools:v1", app: sh}
docker:
  networks: [given]
  volumes: [given]
  containers:
  - {name: before, image: $(images.tools), user: "0", volumes: ["given:/data"], command: [-c, "echo prepared > /data/one"], ends: true}
  - {name: given, image: $(images.web), network: given, volumes: ["given:/data"], publish: ["38476:8080"], memory: 64m, restart: always}
tasks:
- id: run
  title: Run it
  hints: ["docker run --help"]
  checks:
  - id: done
    title: It runs
    expect:
    - script: {file: checks/done.sh}
      that: self.ok
      code: NotDone
      message: Nothing runs.
`,
		"tasks/run.md":         "# Run $(images.web)\n\n<!-- explanation -->\nWell.\n",
		"checks/done.sh":       "echo '{\"ok\": false}'\n",
		"workspace/Dockerfile": "FROM labctl.dev/web:v1\nENV GREETING=built\nCOPY copied /copied\nRUN --mount=type=secret,id=token test -s /run/secrets/token\n",
		"workspace/token":      secretToken,
		"workspace/copied":     copiedToken,
	}
}

// TestDocker is a lab on a Docker Engine of labctl's own, on a machine without.
func TestDocker(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	for name, text := range dockerLab() {
		path := filepath.Join(w.dir, "containers", name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	w.labctl("start", "./containers", "--trust", "--docker", "own")
	given := func() {
		t.Helper()
		wantText(t, w.inShell("docker exec given cat /data/one; docker inspect -f '{{.HostConfig.Memory}}' given"), "prepared\n67108864\n")
		eventually(t, settling, "what the lab begins with answers", func() error { return answers("http://127.0.0.1:38476/") })
	}
	given()
	out := w.inShell(`
docker build -q --secret id=token,src=token -t mine . && docker network create shop
docker run -d --name store --network shop mine
docker run -d --name front --network shop -p 38475:8080 -v "$PWD:/work" mine
docker exec front wget -q -O - http://store:8080/ && docker exec front ls /work
docker run --privileged mine; docker run -v /etc:/x mine
docker compose version`)
	wantText(t, out, "built", "version: v1", "Dockerfile", "does not allow --privileged", "does not allow to mount /etc", "Docker Compose version")
	// Layers may be compressed in the archive. What was copied is found in them.
	out = w.inShell("mkdir saved && docker save mine | tar -x -C saved && find saved -type f -exec zcat -f {} + | grep -a -o -e " + copiedToken + " -e " + secretToken + "; rm -r saved")
	if !strings.Contains(out, copiedToken) || strings.Contains(out, secretToken) {
		t.Errorf("of the copied file and of the secret, the image has\n%s", out)
	}
	w.wants(1, []string{"NotDone"}, "check")

	// The supervisor is lost, and all comes back but what was running.
	d, _ := w.json("status")
	pid := int(d["environments"].([]any)[0].(map[string]any)["supervisor"].(float64))
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	eventually(t, settling, "the supervisor is gone", func() error {
		_, err := os.Stat("/proc/" + strconv.Itoa(pid) + "/exe")
		return errIf(err == nil, "process %d lives", pid)
	})
	w.wants(0, []string{"is back"}, "start")
	wantText(t, w.inShell("docker start front store && docker exec front wget -q -O - http://store:8080/"), "built")

	// The lab's image is there after a reset, whatever became of it and its name.
	for _, change := range []string{"docker tag labctl.dev/web:v1 kept && docker tag mine labctl.dev/web:v1", "docker rm -f front store && docker rmi -f mine kept labctl.dev/web:v1"} {
		w.inShell(change + "; docker rm -f given; docker volume rm given; docker network rm given")
		w.labctl("reset")
		given()
		if out := w.inShell("docker ps -a --format '{{.Names}}' | grep -vx given; docker images -q mine; docker images -q kept; docker network ls -q -f name=shop"); strings.TrimSpace(out) != "" {
			t.Errorf("after a reset there is\n%s", out)
		}
		wantText(t, w.inShell("docker inspect -f '{{.Config.Env}}' labctl.dev/web:v1 && docker run --rm labctl.dev/web:v1 --help 2>&1; echo exit $?"), "VERSION=v1", "exit 0")
	}
	if out := w.inShell("docker inspect -f '{{.Config.Env}}' labctl.dev/web:v1"); strings.Contains(out, "GREETING") {
		t.Errorf("the learner's image has the lab's name: %s", out)
	}
	w.labctl("stop")
	before.wantSame(t)
}

// answers fails unless a page is there.
func answers(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	response.Body.Close()
	return errIf(response.StatusCode != http.StatusOK, "status %d", response.StatusCode)
}

// inShell types into labctl's shell and returns what it prints.
func (w *world) inShell(script string) string {
	w.t.Helper()
	r := w.beginWith(script+"\nexit 0\n", "shell").wait()
	r.wants(w.t, 0)
	return r.out + r.err
}

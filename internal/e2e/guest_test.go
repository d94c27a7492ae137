//go:build e2e && linux

package e2e

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/image"
	"labctl.dev/labctl/internal/labapp/names"
	"labctl.dev/labctl/internal/proc"
)

// engineOfTheUser is a Docker Engine in which somebody has things of their own.
type engineOfTheUser struct {
	t    *testing.T
	host string
}

// usersEngine needs one that may be filled: internal/tools/withdocker.sh brings it.
func usersEngine(t *testing.T) *engineOfTheUser {
	t.Helper()
	if os.Getenv("WITHDOCKER_DIR") == "" {
		t.Skip("needs a Docker Engine of the user's: run this by internal/tools/withdocker.sh")
	}
	return &engineOfTheUser{t, os.Getenv("DOCKER_HOST")}
}

// docker runs a command as the user does outside of labs.
func (e *engineOfTheUser) docker(args ...string) string {
	e.t.Helper()
	out, err := e.try(nil, args...)
	if err != nil {
		e.t.Fatalf("docker %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(out)
}

func (e *engineOfTheUser) try(in io.Reader, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.t.Context()), time.Minute) // it also cleans up
	defer cancel()
	out, err := proc.Command{
		Path: filepath.Join(bin(e.t), "docker"), Args: args, Stdin: in,
		Env: []string{"DOCKER_HOST=" + e.host, "HOME=" + e.t.TempDir(), "PATH=/usr/bin:/bin"},
	}.Output(ctx)
	return string(out), err
}

// settle brings in the user's things; some have names and ports that labs want, too.
func (e *engineOfTheUser) settle() {
	e.t.Helper()
	archive, err := image.Assembler{}.Assemble(image.Spec{
		Ref: "theirs.test/web:v1", Files: map[string]string{"/bin/labapp": filepath.Join(bin(e.t), "labapp")},
		Links: image.Links("/bin/labapp", names.All()), Entrypoint: []string{"/bin/web"}, Env: []string{"GREETING=theirs"},
	})
	must(e.t, err)
	r, w := io.Pipe()
	go func() {
		_, err := archive.WriteTo(w)
		w.CloseWithError(err)
	}()
	if out, err := e.try(r, "load"); err != nil {
		e.t.Fatalf("%s: %v", out, err)
	}
	for _, command := range []string{
		"tag theirs.test/web:v1 taken:latest", "network create office", "volume create pg", "volume create unused",
		"run -d --name db --network office -v pg:/data -p 38478:8080 theirs.test/web:v1", "run -d --name store --label x=y theirs.test/web:v1", "create --name asleep -v /data theirs.test/web:v1",
	} {
		e.docker(strings.Fields(command)...)
	}
	e.t.Cleanup(func() {
		e.docker("rm", "-fv", "db", "store", "asleep")
		e.docker("network", "rm", "office")
		e.docker("volume", "rm", "pg", "unused")
		e.docker("rmi", "theirs.test/web:v1", "taken:latest")
	})
}

// everything is all that there is in it, and how it is.
func (e *engineOfTheUser) everything() string {
	e.t.Helper()
	var all []string
	for _, command := range []string{
		"ps -a --no-trunc --format {{.ID}}={{.Names}}={{.State}}={{.Labels}}={{.Networks}}", "network ls --no-trunc --format {{.ID}}={{.Name}}={{.Labels}}",
		"volume ls --format {{.Name}}={{.Labels}}", "image ls -a --no-trunc --format {{.ID}}={{.Repository}}:{{.Tag}}",
		"inspect -f {{.Id}}{{.State.StartedAt}}{{.RestartCount}} db store asleep", "exec db ls /data",
	} {
		all = append(all, e.docker(strings.Fields(command)...))
	}
	lines := strings.Split(strings.Join(all, "\n"), "\n")
	slices.Sort(lines) // images of one age come in any order
	return strings.Join(lines, "\n")
}

// wantSame fails unless everything is as it was.
func (e *engineOfTheUser) wantSame(before, when string) {
	e.t.Helper()
	if now := e.everything(); now != before {
		e.t.Errorf("%s, there is\n%s\nin the user's Docker Engine; before there was\n%s", when, now, before)
	}
}

// guests writes the lab with Docker into the world.
func (w *world) guests(e *engineOfTheUser) {
	w.vars = []string{"DOCKER_HOST=" + e.host}
	for name, text := range dockerLab() {
		path := filepath.Join(w.dir, "containers", name)
		must(w.t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(w.t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// TestGuest is a lab in a Docker Engine that the user works with.
func TestGuest(t *testing.T) {
	e := usersEngine(t)
	e.settle()
	w := newWorld(t)
	w.guests(e)
	before := e.everything()

	// What the lab begins with is taken: nothing is lost, nothing is left.
	e.docker("volume", "create", "given")
	w.wants(4, []string{"volume given", "labctl leaves it alone", "--docker own"}, "start", "./containers", "--trust")
	e.docker("volume", "rm", "given")
	e.docker("tag", "theirs.test/web:v1", "labctl.dev/web:v1")
	w.wants(4, []string{"labctl.dev/web:v1", "not labctl's", "docker rmi"}, "start", "./containers", "--trust")
	e.docker("rmi", "labctl.dev/web:v1")
	e.wantSame(before, "after starts that failed")

	w.wants(0, []string{"your own Docker Engine at " + e.host, "it answers"}, "start", "./containers", "--trust")
	w.wants(2, []string{"exists already, with your own Docker Engine"}, "start", "./containers", "--trust", "--docker", "own")
	given := func(want bool) {
		t.Helper()
		eventually(t, settling, "what the lab begins with answers", func() error {
			err := answers("http://127.0.0.1:38476/")
			return errIf((err == nil) != want, "answers: %v", err)
		})
	}
	given(true)
	w.playGuest(t)
	w.wants(1, []string{"NotDone"}, "check")
	w.wants(4, []string{"given", "another lab environment"}, "start", "./containers", "--trust", "--env", "second")
	given(true)

	w.labctl("stop", "--keep")
	given(false)
	w.wants(0, []string{"is back"}, "start")
	given(true)
	wantText(t, w.inShell("docker exec front wget -q -O - http://shop-store:8080/"), "built")
	w.labctl("reset")
	given(true)
	if out := w.inShell("docker ps -aq | wc -l; docker volume ls -q; docker network ls -q | wc -l; docker images -q mine"); strings.Join(strings.Fields(out), " ") != "1 given 4" {
		t.Errorf("after a reset there is\n%s", out)
	}
	w.playGuest(t)
	w.labctl("stop", "--discard")
	e.wantSame(before, "after the stop")
}

// playGuest makes things beside those of the user, and tries to reach these.
func (w *world) playGuest(t *testing.T) {
	t.Helper()
	out := w.inShell(`
docker build -q --secret id=token,src=token -t mine . && DOCKER_BUILDKIT=0 docker build -q -t classic -f copied - < Dockerfile; docker network create shop
docker run -d --name shop-store --network shop mine
docker run -d --name front --network shop -p 38475:8080 -v "$PWD:/work" -v kept:/kept -v /nameless mine
docker exec front wget -q -O - http://shop-store:8080/ && docker exec front ls /work
docker commit front mine:committed && docker tag theirs.test/web:v1 mine:borrowed && docker save mine:committed -o archive && docker rmi mine:committed && docker load -i archive; rm archive
printf 'services: {web: {image: mine, ports: ["38474:8080"], volumes: ["vol:/v"]}}\nvolumes: {vol: {}}\n' > compose.yaml; docker compose up -d --quiet-pull && docker compose ps; rm compose.yaml
echo LISTS; docker ps -a --format '{{.Names}}'; docker volume ls -q; docker network ls --format '{{.Name}}'; docker network inspect bridge | grep store`)
	wantText(t, out, "built", "Dockerfile", "Loaded image: mine:committed", "workspace-web-1")
	lists := out[strings.Index(out, "LISTS"):]
	for _, theirs := range []string{"\ndb\n", "\nstore\n", "\nasleep\n", "\npg\n", "\nunused\n", "\noffice\n", "labctl-docker-", `"store"`} {
		if strings.Contains(lists, theirs) {
			t.Errorf("the learner sees %q in\n%s", theirs, lists)
		}
	}
	out = w.inShell(`
for c in "inspect db" "logs db" "exec db true" "stop db" "kill store" "rm asleep" "rename db x" "cp db:/bin/web ." "commit db x" "network rm office" "network connect office front" \
  "network connect shop db" "volume rm pg" "volume inspect pg" "run --rm -v pg:/x mine" "run --rm --network office mine" "run --rm --network container:db mine" "run --rm --volumes-from db mine" \
  "run --name store mine" "run -d --name port -p 38478:8080 mine" "rmi -f theirs.test/web:v1" "rmi taken" "tag mine taken" "build -q -t taken ." "run --privileged mine" "run -v /etc:/x mine" "builder prune -f"; do
  docker $c && echo "DONE: $c"
done
docker container prune -f; docker volume prune -af; docker network prune -f; docker image prune -af; docker rm -f port`)
	if strings.Contains(out, "DONE") {
		t.Errorf("the learner reaches what is not theirs:\n%s", out)
	}
	wantText(t, out, "the container store is in your Docker Engine and not this lab's", "not this lab's, db", "labctl: there is one in your Docker Engine that is not the lab's",
		"there is an image taken", "does not allow --privileged", "the build cache belongs to all", "network office not found in this lab")
	if strings.Contains(out, "Unable to find image") {
		t.Errorf("docker looks for an image:\n%s", out)
	}
}

// TestGuestsLeftovers are found without their state, unless they are another home's.
func TestGuestsLeftovers(t *testing.T) {
	e := usersEngine(t)
	e.settle()
	w := newWorld(t)
	w.guests(e)
	before := e.everything()
	elsewhere := t.TempDir()
	e.docker("volume", "create", "--label", "dev.labctl.docker.dir="+elsewhere, "labctl-docker-elsewhere")
	e.docker("create", "--name", "elsewhere", "--label", "dev.labctl.environment=elsewhere", "theirs.test/web:v1")
	w.labctl("start", "./containers", "--trust")
	w.inShell("docker build -q --secret id=token,src=token -t mine . && docker run -d --name front -v /nameless mine")
	w.kill("supervisor")
	if r := w.try("gc", "--dry-run"); r.code != 0 || strings.Contains(r.out, "docker environment") {
		t.Errorf("an environment that can be resumed: %v", r)
	}
	must(t, os.RemoveAll(filepath.Join(w.home, "envs")))
	w.wants(0, []string{"removed docker environment containers-"}, "gc")
	if left := e.docker("ps", "-aq", "-f", "name=elsewhere"); left == "" {
		t.Error("another home's container is gone")
	}
	must(t, os.RemoveAll(elsewhere))
	w.wants(0, []string{"removed docker environment elsewhere"}, "gc")
	e.wantSame(before, "after gc")
}

// TestGuestWithoutRoot is a lab of a user who may use Docker, and nothing else.
func TestGuestWithoutRoot(t *testing.T) {
	e := usersEngine(t)
	e.settle()
	w := newWorld(t)
	w.guests(e)
	before := e.everything()
	socket := strings.TrimPrefix(e.host, "unix://")
	must(t, os.Chmod(filepath.Dir(socket), 0o711))
	w.open()
	w.become()
	w.vars = []string{"DOCKER_HOST=" + e.host}
	w.wants(4, []string{"you may not use the Docker Engine"}, "start", "./containers", "--trust", "--docker", "user")
	must(t, os.Chmod(socket, 0o666))
	t.Cleanup(func() { must(t, os.Chmod(socket, 0o660)) })
	w.wants(0, []string{"your own Docker Engine"}, "start", "./containers", "--trust")
	wantText(t, w.inShell("id -u; docker build -q --secret id=token,src=token -t mine . && docker run --rm -v $PWD:/work mine --help; docker exec given cat /data/one"), "65534", "prepared")
	w.wants(1, []string{"NotDone"}, "check")
	w.labctl("reset")
	w.labctl("stop", "--discard")
	e.wantSame(before, "after the stop")
}

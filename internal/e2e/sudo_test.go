//go:build e2e && linux

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

const nobody = 65534

// open lets every user use the world and the binaries.
func (w *world) open() {
	w.t.Helper()
	shared := filepath.Join(w.dir, "bin")
	must(w.t, os.Mkdir(shared, 0o755))
	must(w.t, syscall.Mount(filepath.Dir(w.program), shared, "", syscall.MS_BIND, ""))
	w.program = filepath.Join(shared, "labctl")
	for _, dir := range []string{w.dir, filepath.Join(w.dir, "user"), filepath.Join(w.dir, "tmp")} {
		must(w.t, os.Chmod(dir, 0o777))
	}
}

// become runs what follows as a user without rights; sudo runs it as root on
// behalf of that user.
func (w *world) become() {
	w.user, w.vars = &syscall.Credential{Uid: nobody, Gid: nobody}, nil
}

func (w *world) sudo() {
	w.user, w.vars = nil, []string{"SUDO_UID=65534", "SUDO_GID=65534", "SUDO_USER=nobody"}
}

func TestWithoutRoot(t *testing.T) {
	w := newWorld(t)
	w.open()
	w.become()
	w.labctl("list")
	w.wants(4, []string{"needs root", "sudo LABCTL_HOME=" + w.home + " " + w.program + " start " + labName}, "start", labName)
	w.wants(4, []string{"needs root"}, "doctor")
	if left := w.environments(); len(left) > 0 {
		t.Errorf("made %v", left)
	}
}

// TestSudo starts as root on a user's behalf, who then does all else.
func TestSudo(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	w.open()
	w.sudo()
	w.labctl("start", labName)
	w.become()
	w.wants(0, []string{"running"}, "status")
	w.labctl("tasks")
	w.labctl("hint", "deploy")
	w.kubectl("create", "deployment", "web", "--image=labctl.dev/hello:v1")
	must(t, os.WriteFile(filepath.Join(w.envDir(), "workspace", "mine.txt"), []byte("precious"), 0o644))
	w.wants(1, []string{"deploy"}, "check", "deploy", "rollback")
	shell := w.beginWith("id -u; touch here; kubectl get nodes\n", "shell").wait()
	shell.wants(t, 0, "65534", "lab-control-plane")
	w.labctl("reset")
	w.wantAtStart()
	w.wantOwned()

	w.kill("supervisor")
	w.wants(4, []string{"sudo", "labctl start"}, "start")
	w.wants(4, []string{"sudo"}, "stop")
	w.sudo()
	w.labctl("start")
	w.become()
	w.wants(0, []string{"running"}, "status")
	w.labctl("stop")
	w.wantOwned()
	eventually(t, settling, "nobody runs from it", func() error { return syscall.Unmount(filepath.Join(w.dir, "bin"), 0) })
	w.program = filepath.Join(bin(t), "labctl")
	w.wantGone(before)
}

// wantOwned fails unless the user owns all of the home but the engine's part.
func (w *world) wantOwned() {
	w.t.Helper()
	err := filepath.WalkDir(w.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == "engine" {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err == nil && info.Sys().(*syscall.Stat_t).Uid != nobody {
			w.t.Errorf("%s belongs to user %d", path, info.Sys().(*syscall.Stat_t).Uid)
		}
		return err
	})
	must(w.t, err)
}

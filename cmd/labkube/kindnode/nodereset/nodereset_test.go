package nodereset

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/cmd/labkube/layout"
	"labctl.dev/labctl/cmd/labkube/volume"
)

func TestVolumesGoBack(t *testing.T) {
	node := layout.Node{DataDir: t.TempDir()}
	log := slog.New(slog.DiscardHandler)
	file := node.Data("volumes", "pvc-1", "f")
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(file, "old")
	if _, err := run(t.Context(), node, []string{"save"}, log); err != nil {
		t.Fatal(err)
	}
	write(file, "new")
	write(node.Data("volumes", "pvc-2", "f"), "later")
	if _, err := run(t.Context(), node, []string{"restore"}, log); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "old" {
		t.Errorf("the volume holds %q: %v", data, err)
	}
	if _, err := os.Stat(node.Data("volumes", "pvc-2")); err == nil {
		t.Error("a volume made later is still there")
	}
	reclaim := func(want bool) {
		t.Helper()
		if done, err := volume.NewStore(node).Reclaim("pvc-1"); done != want || err != nil {
			t.Errorf("reclaim: done %v: %v, want %v", done, err, want)
		}
	}
	reclaim(false)
	if _, err := run(t.Context(), node, []string{"resume"}, log); err != nil {
		t.Fatal(err)
	}
	reclaim(true)
}

func TestUnknownVerbIsRefused(t *testing.T) {
	for _, args := range [][]string{nil, {"rest"}, {"save", "more"}} {
		if _, err := run(t.Context(), layout.Node{DataDir: t.TempDir()}, args, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "usage:") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// Where there is no control plane, what asks is told so, in JSON and by the exit code.
func TestFailureIsAnAnswer(t *testing.T) {
	if _, err := os.Stat(storePKI); err == nil {
		t.Skip("this machine is a control plane of its own")
	}
	var out bytes.Buffer
	var answer struct{ Error string }
	code := answered(t.Context(), layout.Node{DataDir: t.TempDir()}, []string{"reset"}, &out, &bytes.Buffer{})
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil || code != 1 || !strings.Contains(answer.Error, "certificates") {
		t.Errorf("exit code %d, said %s (%v)", code, out.Bytes(), err)
	}
}

func TestOneAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*lockPoll)
	defer cancel()
	if _, err := lock(ctx, path); err == nil {
		t.Fatal("two have the lock")
	}
	waiting := make(chan error, 1)
	go func() {
		again, err := lock(t.Context(), path)
		if err == nil {
			again()
		}
		waiting <- err
	}()
	unlock()
	select {
	case err := <-waiting:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the lock was not handed on")
	}
}

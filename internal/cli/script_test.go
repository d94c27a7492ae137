//go:build unix

package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/embedded"
	"labctl.dev/labctl/internal/engine/fake"
	"labctl.dev/labctl/internal/engine/none"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
	"labctl.dev/labctl/labs"
)

// The scripts run this package as labctl, with the fake engine beside the real
// ones. Environment variables tell it to be slow (FAKE_DELAY), to wait as long
// as a file exists (FAKE_HOLD), to fail (FAKE_FAIL), and to be another user
// (TEST_UID).
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"labctl": func() { os.Exit(testMain()) }})
}

func testMain() int {
	if uid, err := strconv.Atoi(os.Getenv("TEST_UID")); err == nil && os.Getuid() == 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(uid), syscall.Setuid(uid)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 99
		}
	}
	s := System()
	s.Catalogue, s.MakeEngines = labs.FS(), testEngines
	s.Components = makeComponents(s, slog.New(slog.DiscardHandler))
	return Run(context.Background(), s)
}

func testEngines(s *State, home string, log *slog.Logger) []engine.Engine {
	delay, _ := time.ParseDuration(os.Getenv("FAKE_DELAY"))
	return []engine.Engine{
		embedded.New(embedded.Config{Log: log, Bin: s.Bin(), Home: home}),
		&fake.Engine{Root: os.Getenv("FAKE_ROOT"), Delay: delay, Hold: os.Getenv("FAKE_HOLD"), Fail: func(phase string) error {
			if phase == os.Getenv("FAKE_FAIL") {
				return fmt.Errorf("%s was made to fail", phase)
			}
			return nil
		}},
		none.Engine{},
	}
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("..", "..", "testdata", "script"), RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "json": matchJSON, "until": until, "signal": signalTo,
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %s", name)
		},
	})
}

// setupScript gives each script a home and a machine for the fake engine, and
// stops what it leaves running.
func setupScript(e *testscript.Env) error {
	home := filepath.Join(e.WorkDir, "home")
	e.Setenv("LABCTL_HOME", home)
	e.Setenv("FAKE_ROOT", filepath.Join(e.WorkDir, "machine"))
	e.Setenv("NO_COLOR", "1")
	if err := letOthersIn(e.WorkDir); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(e.WorkDir, "tiny"), os.DirFS(filepath.Join("testdata", "tiny"))); err != nil {
		return err
	}
	e.Defer(func() {
		h := environment.Home{Dir: home}
		names, _ := h.Names()
		for _, name := range names {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			_, _ = supervisor.Connect(name, h.EnvDir(name)).Stop(ctx, supervisor.Discard, quiet{})
			cancel()
		}
	})
	return nil
}

// letOthersIn lets the user of TEST_UID use the script's directory and labctl.
func letOthersIn(work string) error {
	program, err := exec.LookPath("labctl")
	if err != nil {
		return err
	}
	bin := filepath.Dir(program)
	return errors.Join(os.Chmod(work, 0o777), os.Chmod(filepath.Dir(work), 0o755), os.Chmod(bin, 0o755), os.Chmod(filepath.Dir(bin), 0o755))
}

// quiet is an observer of nothing.
type quiet struct{}

func (quiet) StepStarted(string)             {}
func (quiet) Progress(string)                {}
func (quiet) StepDone(string, time.Duration) {}

// exits runs a program and expects this exit code: exits 2 labctl nonsense.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	var failed interface{ ExitCode() int }
	if errors.As(err, &failed) {
		code = strconv.Itoa(failed.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s\n%s%s", code, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// until runs a program until it succeeds, for ten seconds.
func until(ts *testscript.TestScript, neg bool, args []string) {
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ts.Exec(args[0], args[1:]...)
		if (err == nil) != neg {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: still %v", strings.Join(args, " "), err)
		}
		<-tick.C
	}
}

// signalTo sends a signal to the supervisor of an environment: signal -9
// supervisor NAME; or to the process in a file: signal -INT FILE.
func signalTo(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]syscall.Signal{"-9": syscall.SIGKILL, "-INT": syscall.SIGINT, "-TERM": syscall.SIGTERM}
	var pid int
	if args[1] == "supervisor" {
		h := environment.Home{Dir: ts.Getenv("LABCTL_HOME")}
		status, err := supervisor.Connect(args[2], h.EnvDir(args[2])).Status(context.Background())
		ts.Check(err)
		pid = status.PID
	} else {
		n, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[1])))
		ts.Check(err)
		pid = n
	}
	ts.Check(syscall.Kill(pid, signals[args[0]]))
	if args[1] == "supervisor" { // it is dead when its lock is free
		h := environment.Home{Dir: ts.Getenv("LABCTL_HOME")}
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for h.Alive(args[2]) {
			<-tick.C
		}
	}
}

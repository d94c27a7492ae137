package cli

import (
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/proc"
)

// State is everything outside of labctl that commands use: streams, arguments,
// environment variables, the clock, the catalogue of labs, the engines. Nothing
// else in this package touches the process.
type State struct {
	Args    []string // Args[0] is the program as it was typed
	Environ []string
	Dir     string // the working directory

	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// These say whether a person is at the other end of the stream.
	StdinTTY, StdoutTTY, StderrTTY bool
	Width                          int // of the terminal, in columns

	UID, GID   int
	Executable string // the path of this program
	Now        func() time.Time
	// Exit ends the process at once, for a second Ctrl-C.
	Exit func(code int)

	// terminal is the program that owns the terminal, if labctl does not: then
	// signals are for it.
	terminal atomic.Pointer[proc.Process]

	Catalogue fs.FS // a directory for each lab
	Engines   []engine.Engine
	// MakeEngines makes the engines anew, for a home and a log.
	MakeEngines func(s *State, home string, log *slog.Logger) []engine.Engine
	// Components are the parts that labs may need beside a cluster.
	Components []component.Component
}

// System is the state of the real process. Engines and catalogue are still to
// be set.
func System() *State {
	dir, err := os.Getwd()
	if err != nil {
		dir = "/"
	}
	executable, err := os.Executable()
	if err != nil {
		executable = os.Args[0]
	}
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width < 40 {
		width = 100
	}
	return &State{
		Args: os.Args, Environ: os.Environ(), Dir: dir,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		StdinTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutTTY: term.IsTerminal(int(os.Stdout.Fd())), StderrTTY: term.IsTerminal(int(os.Stderr.Fd())),
		Width: min(width, 120),
		UID:   os.Geteuid(), GID: os.Getegid(), Executable: executable, Now: time.Now, Exit: os.Exit,
	}
}

// Getenv is the value of an environment variable, empty if it is not set.
func (s *State) Getenv(name string) string {
	for i := len(s.Environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(s.Environ[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// Bin is the directory of labctl's helper binaries.
func (s *State) Bin() string {
	if bin := s.Getenv("LABCTL_BIN"); bin != "" {
		return bin
	}
	if real, err := filepath.EvalSymlinks(s.Executable); err == nil {
		return filepath.Dir(real)
	}
	return filepath.Dir(s.Executable)
}

// Program is labctl as the user typed it, for commands that labctl prints.
func (s *State) Program() string {
	typed := s.Args[0]
	if strings.ContainsAny(typed, " \t'\"") {
		return environment.Quote(typed)
	}
	return typed
}

// Typed replaces labctl in `quoted commands` by what the user types for it.
func (s *State) Typed(text string) string {
	text = strings.ReplaceAll(text, "`sudo labctl ", "`"+s.sudo()+" ")
	return strings.ReplaceAll(text, "`labctl ", "`"+s.Program()+" ")
}

// sudo is how to run this program as root: sudo searches directories of its
// own, and drops LABCTL_HOME.
func (s *State) sudo() string {
	program := s.Program()
	if !strings.Contains(program, "/") && !strings.HasPrefix(s.Executable, "/usr/") {
		program = s.Executable
	}
	prefix := "sudo "
	for _, name := range []string{"LABCTL_HOME", "XDG_STATE_HOME", "LABCTL_BIN"} {
		if value := s.Getenv(name); value != "" {
			prefix += name + "=" + value + " "
		}
	}
	return prefix + program
}

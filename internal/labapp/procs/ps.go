package procs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Ps lists processes. The usual option letters are accepted and change nothing.
func Ps(_ context.Context, p *applet.Process) error {
	for _, arg := range p.Args {
		if arg == "--help" {
			_, err := p.Operands("", "List all processes with their user, state, memory (KiB) and command line. Options are accepted and ignored.", 0)
			return err
		}
	}
	pids, err := allPIDs()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintln(w, "PID\tPPID\tUSER\tSTAT\tRSS\tCOMMAND")
	for _, pid := range pids {
		if s, err := readStatus(pid); err == nil { // else it has ended meanwhile
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", pid, s.parent, userName(s.uid), s.state, s.rss, s.command)
		}
	}
	return nil
}

func allPIDs() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

type status struct {
	name, parent, state, rss, command string
	uid                               int
}

func readStatus(pid int) (status, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	content, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return status{}, err
	}
	s := status{rss: "0"}
	for _, line := range strings.Split(string(content), "\n") {
		key, rest, _ := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			continue
		}
		switch key {
		case "Name":
			s.name = fields[0]
		case "State":
			s.state = fields[0]
		case "PPid":
			s.parent = fields[0]
		case "VmRSS":
			s.rss = fields[0]
		case "Uid":
			s.uid, _ = strconv.Atoi(fields[0])
		}
	}
	line, _ := os.ReadFile(filepath.Join(dir, "cmdline")) // empty for kernel threads
	s.command = strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
	if s.command == "" {
		s.command = "[" + s.name + "]"
	}
	return s, nil
}

func signals() map[string]syscall.Signal {
	return map[string]syscall.Signal{
		"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT, "KILL": syscall.SIGKILL,
		"USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "TERM": syscall.SIGTERM, "CONT": syscall.SIGCONT, "STOP": syscall.SIGSTOP,
	}
}

func parseSignal(text string) (syscall.Signal, error) {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < 65 {
		return syscall.Signal(n), nil
	}
	if s, ok := signals()[strings.TrimPrefix(strings.ToUpper(text), "SIG")]; ok {
		return s, nil
	}
	return 0, fmt.Errorf("unknown signal %q", text)
}

// Kill sends a signal.
func Kill(_ context.Context, p *applet.Process) error {
	sig, args := syscall.SIGTERM, p.Args
	var err error
	switch {
	case len(args) == 0 || args[0] == "--help":
		_, err := p.Operands("[-SIGNAL | -s SIGNAL] PID...", "Send a signal (TERM) to processes, by name or number.", 1)
		return err
	case args[0] == "-s" && len(args) > 1:
		sig, err = parseSignal(args[1])
		args = args[2:]
	case args[0] == "--":
		args = args[1:]
	case strings.HasPrefix(args[0], "-"):
		sig, err = parseSignal(args[0][1:])
		args = args[1:]
	}
	if err != nil {
		return &applet.UsageError{Err: err}
	}
	var failed error
	for _, arg := range args {
		pid, err := strconv.Atoi(arg)
		if err != nil {
			failed = p.Errorf("%q is not a process id", arg)
			continue
		}
		if err := syscall.Kill(pid, sig); err != nil {
			failed = p.Errorf("%d: %v", pid, explainKill(err))
		}
	}
	return failed
}

func explainKill(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return errors.New("no such process")
	}
	return err
}

// Free prints memory use, and the limit of the cgroup when there is one.
func Free(_ context.Context, p *applet.Process) error {
	unit, name := int64(1<<10), "KiB"
	var mega, human bool
	set := opt.New("[-mh]", "Print memory use, and the container's limit when there is one.")
	set.Bool(&mega, 'm', "mebi", "in MiB")
	set.Bool(&human, 'h', "human", "in MiB")
	if _, err := p.Parse(set); err != nil {
		return err
	}
	if mega || human {
		unit, name = 1<<20, "MiB"
	}
	content, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return err
	}
	values := map[string]int64{}
	for _, line := range strings.Split(string(content), "\n") {
		key, rest, _ := strings.Cut(line, ":")
		if fields := strings.Fields(rest); len(fields) > 0 {
			kib, _ := strconv.ParseInt(fields[0], 10, 64)
			values[key] = kib << 10
		}
	}
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer w.Flush()
	fmt.Fprintf(w, "%s\ttotal\tused\tavailable\t\n", name)
	fmt.Fprintf(w, "Mem:\t%d\t%d\t%d\t\n", values["MemTotal"]/unit, (values["MemTotal"]-values["MemAvailable"])/unit, values["MemAvailable"]/unit)
	for _, files := range [][2]string{
		{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
		{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"},
	} {
		limit, used := readNumber(files[0]), readNumber(files[1])
		if limit > 0 && limit < values["MemTotal"] {
			fmt.Fprintf(w, "Limit:\t%d\t%d\t%d\t\n", limit/unit, used/unit, (limit-used)/unit)
		}
	}
	return nil
}

// readNumber returns 0 for what is missing or "max".
func readNumber(path string) int64 {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
	return n
}

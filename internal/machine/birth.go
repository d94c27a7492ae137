//go:build linux

package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/node"
	"labctl.dev/labctl/internal/proc"
)

const (
	// bootTimeout is how long a machine may take to its network device; it needs
	// some 30 ms.
	bootTimeout = 20 * time.Second
	initName    = "labinit"
)

// Spec says what a machine is.
type Spec struct {
	Name  string
	Index int       // from 1; it decides the addresses
	Role  node.Role // what runs in it
	Dir   string    // its data, which it sees as /node; with log/ in it
	PKI   string    // shared by a cluster's machines, seen as /node/pki; may be empty
	Binds []string  // directories of the host that it sees under the same path
	// API and Control are inherited, see node.APIFD; nil is nothing. The caller
	// closes them.
	API, Control *os.File
}

// files are the descriptors that a machine is born with, our ends and its own.
type files struct {
	input, output, log, nothing, link *os.File // the machine's
	life, events                      *os.File // ours
	links                             *net.UnixConn
}

// Start makes a machine and joins it to the network. On failure nothing of it
// stays. The caller ends it with Stop and Bury.
func (h *Host) Start(ctx context.Context, spec Spec) (*Machine, error) {
	m := &Machine{
		host: h, spec: spec, log: h.Log.With("node", spec.Name),
		silent: make(chan struct{}), restarting: map[string]string{},
	}
	if err := os.MkdirAll(filepath.Join(spec.Dir, "log"), 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of node %s: %w", spec.Name, err)
	}
	err := m.makeCgroups()
	if err == nil {
		err = m.boot(ctx)
	}
	if err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), cgroupTimeout)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("start node %s: %w", spec.Name, err), m.Bury(undo))
	}
	return m, nil
}

func (m *Machine) makeCgroups() error {
	for _, h := range m.host.Hierarchies {
		token, err := m.host.note(ledger.KindCgroup, filepath.Join(h.Mount, CgroupDir, m.host.Cluster, m.spec.Name))
		if err != nil {
			return err
		}
		m.tokens = append(m.tokens, token)
		if err := h.Make(m.host.Cluster, m.spec.Name); err != nil {
			return err
		}
	}
	return nil
}

// boot starts labinit and waits for its network device.
func (m *Machine) boot(ctx context.Context) error {
	token, err := m.host.note(ledger.KindProcess, fmt.Sprintf("%s %s %s %s", initName, node.Command, m.host.Cluster, m.spec.Name))
	if err != nil {
		return err
	}
	m.tokens = append(m.tokens, token)
	f, err := openFiles(m.spec.Dir)
	if err == nil {
		err = m.spawn(f)
	}
	closeAll(f.input, f.output, f.log, f.nothing, f.link)
	if err != nil {
		closeAll(f.life, f.events)
		if f.links != nil {
			_ = f.links.Close()
		}
		return err
	}
	m.life = f.life
	go m.watch(f.events)
	if err := m.join(ctx, f.links); err != nil {
		m.Stop(context.WithoutCancel(ctx), 0)
		<-m.silent
		return err
	}
	return nil
}

// openFiles opens both ends of everything that connects a machine with this
// process. On failure, too, the caller closes what is open.
func openFiles(dir string) (*files, error) {
	f := &files{}
	var err error
	if f.input, f.life, err = os.Pipe(); err != nil {
		return f, err
	}
	if f.events, f.output, err = os.Pipe(); err != nil {
		return f, err
	}
	if f.log, err = os.Create(filepath.Join(dir, "log", "labinit.log")); err != nil {
		return f, err
	}
	if f.nothing, err = os.Open(os.DevNull); err != nil {
		return f, err
	}
	return f, f.openLink()
}

// openLink makes the pair of sockets over which the network device comes.
func (f *files) openLink() error {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	ours := os.NewFile(uintptr(pair[0]), "link")
	f.link = os.NewFile(uintptr(pair[1]), "link")
	defer ours.Close() // FileConn has its own copy
	conn, err := net.FileConn(ours)
	if err != nil {
		return err
	}
	f.links = conn.(*net.UnixConn)
	return nil
}

// spawn starts labinit in namespaces of its own.
func (m *Machine) spawn(f *files) error {
	encoded, err := json.Marshal(m.config())
	if err != nil {
		return err
	}
	inherited := []*os.File{m.spec.API, m.spec.Control, f.link}
	for i, file := range inherited {
		if file == nil {
			inherited[i] = f.nothing
		}
	}
	m.process, err = proc.Command{
		Path:   filepath.Join(m.host.Bin, initName),
		Args:   []string{node.Command, m.host.Cluster, m.spec.Name},
		Dir:    "/",
		Env:    []string{node.ConfigEnv + "=" + string(encoded)},
		Stdin:  f.input,
		Stdout: f.output,
		Stderr: f.log,
		Files:  inherited,
		Attr: &syscall.SysProcAttr{
			Setsid:     true,
			Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		},
	}.Start()
	if errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("%w; namespaces need root: run labctl with sudo", err)
	}
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w; the kernel makes no more namespaces: see the limits in /proc/sys/user", err)
	}
	return err
}

func (m *Machine) config() node.Config {
	return node.Config{
		Cluster: m.host.Cluster, Name: m.spec.Name, Index: m.spec.Index, Role: m.spec.Role,
		Bin: m.host.Bin, Data: m.spec.Dir, PKI: m.spec.PKI, Binds: m.spec.Binds, CAFile: caFile(),
		Cgroups: Cgroups(m.host.Hierarchies, m.host.Cluster, m.spec.Name), MTU: mtu,
	}
}

// join takes the machine's network device and attaches it.
func (m *Machine) join(ctx context.Context, links *net.UnixConn) error {
	defer func() { _ = links.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = links.SetDeadline(time.Now()) })
	defer stop()
	if err := links.SetDeadline(time.Now().Add(bootTimeout)); err != nil {
		return err
	}
	tap, err := receiveFile(links)
	switch {
	case err == nil:
		m.host.Gateway.Attach(node.MAC(m.spec.Index), tap)
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	// labinit closes its end when it gives up; its last event says why.
	select {
	case <-m.silent:
		m.mu.Lock()
		defer m.mu.Unlock()
		return errors.New(m.trouble())
	case <-time.After(time.Second):
		return fmt.Errorf("no network device came: %w", err)
	}
}

// receiveFile reads one message that carries a descriptor.
func receiveFile(conn *net.UnixConn) (*os.File, error) {
	data, control := make([]byte, 1), make([]byte, syscall.CmsgSpace(4))
	_, n, _, _, err := conn.ReadMsgUnix(data, control)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseSocketControlMessage(control[:n])
	if err != nil {
		return nil, err
	}
	if len(messages) == 0 {
		return nil, errors.New("the node hung up")
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	// Without this, reading from it would hold a thread and could not be ended.
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fds[0]), "tap"), nil
}

//go:build linux

package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/node"
)

// bootTimeout is how long a node may take to its network device; it needs
// some 30 ms.
const bootTimeout = 20 * time.Second

// startNode starts node i and joins it to the network.
func (c *Cluster) startNode(ctx context.Context, i int) error {
	m := &machine{index: i, name: node.Name(i), restarting: map[string]string{}}
	m.log = c.log.With("node", m.name)
	dir := filepath.Join(c.spec.Dir, "nodes", m.name)
	if err := os.MkdirAll(filepath.Join(dir, "log"), 0o700); err != nil {
		return fmt.Errorf("make the directory of node %s: %w", m.name, err)
	}
	if err := c.makeCgroups(m); err != nil {
		return err
	}
	token, err := note(c.ledger, ledger.KindProcess, fmt.Sprintf("%s %s %s %s", initName, node.Command, c.spec.ID, m.name))
	if err != nil {
		return err
	}
	m.tokens = append(m.tokens, token)
	f, err := c.openFiles(m, dir)
	if err == nil {
		err = m.spawn(c.spec.Bin, c.nodeConfig(m, dir), f)
	}
	f.closeTheirs()
	if err != nil {
		f.closeOurs()
		if m.control != nil {
			m.control.close()
		}
		return fmt.Errorf("start node %s: %w", m.name, err)
	}
	m.life = f.life
	c.adopt(m, f.events)
	return c.join(ctx, m, f.links)
}

func (c *Cluster) nodeConfig(m *machine, dir string) node.Config {
	return node.Config{
		Cluster: string(c.spec.ID), Name: m.name, Index: m.index,
		Bin: c.spec.Bin, Data: dir, PKI: filepath.Join(c.spec.Dir, pkiDir), CAFile: caFile(),
		Cgroups: cgroups(c.hierarchies, string(c.spec.ID), m.name),
		MTU:     mtu,
	}
}

// caFile finds the host's certificate authorities, where distributions put
// them. Without any, images cannot be pulled, and all else works.
func caFile() string {
	for _, path := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"} {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real
		}
	}
	return ""
}

func (c *Cluster) makeCgroups(m *machine) error {
	for _, h := range c.hierarchies {
		token, err := note(c.ledger, ledger.KindCgroup, filepath.Join(h.mount, cgroupDir, string(c.spec.ID), m.name))
		if err != nil {
			return err
		}
		m.tokens = append(m.tokens, token)
		if err := h.make(c.spec.ID, m.name); err != nil {
			return err
		}
	}
	return nil
}

// openFiles opens both ends of everything that connects a node with this
// process. On failure, too, the caller closes what is open.
func (c *Cluster) openFiles(m *machine, dir string) (*files, error) {
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
	if m.index == 1 {
		f.api, err = c.listener.File()
	} else {
		f.api, err = os.Open(os.DevNull)
	}
	if err != nil {
		return f, err
	}
	if m.control, f.control, err = listenControl(dir); err != nil {
		return f, err
	}
	return f, f.openLink()
}

// openLink makes the pair of sockets over which the node's network device comes.
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

func (f *files) closeTheirs() {
	for _, file := range []*os.File{f.input, f.output, f.log, f.api, f.control, f.link} {
		if file != nil {
			file.Close()
		}
	}
}

func (f *files) closeOurs() {
	for _, file := range []*os.File{f.life, f.events} {
		if file != nil {
			file.Close()
		}
	}
	if f.links != nil {
		_ = f.links.Close()
	}
}

// join takes the node's network device and attaches it.
func (c *Cluster) join(ctx context.Context, m *machine, links *net.UnixConn) error {
	defer func() { _ = links.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = links.SetDeadline(time.Now()) })
	defer stop()
	if err := links.SetDeadline(time.Now().Add(bootTimeout)); err != nil {
		return err
	}
	tap, err := receiveFile(links)
	switch {
	case err == nil:
		c.gateway.Attach(node.MAC(m.index), tap)
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("start node %s: %w", m.name, context.Cause(ctx))
	}
	// labinit closes its end when it gives up; its last event says why.
	select {
	case <-m.process.Done():
		<-m.silent
		return fmt.Errorf("node %s could not start: %s", m.name, m.trouble())
	case <-time.After(time.Second):
		return fmt.Errorf("node %s could not start: no network device came: %w", m.name, err)
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

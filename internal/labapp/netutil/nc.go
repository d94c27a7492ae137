package netutil

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/neterr"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Nc connects standard input and output to a TCP or UDP peer, or listens.
func Nc(ctx context.Context, p *applet.Process) error {
	var listen, scan, udp, verbose, numeric bool
	var timeout time.Duration
	var port string
	s := opt.New("[-zuv] [-w SECONDS] HOST PORT | -l -p PORT", "Connect standard input and output to a peer, or wait for one.")
	s.Bool(&listen, 'l', "listen", "wait for one connection")
	s.String(&port, 'p', "port", "the port to listen on")
	s.Bool(&scan, 'z', "zero", "only see whether somebody listens (exit code)")
	s.Bool(&udp, 'u', "udp", "UDP instead of TCP")
	s.Bool(&verbose, 'v', "verbose", "say what happens")
	s.Bool(&numeric, 'n', "numeric", "accepted, changes nothing")
	s.Duration(&timeout, 'w', "wait", "give up connecting after so long")
	operands, err := p.Parse(s)
	if err != nil {
		return err
	}
	network := "tcp"
	if udp {
		network = "udp"
	}
	if listen {
		if port == "" && len(operands) > 0 {
			port = operands[len(operands)-1]
		}
		return accept(ctx, p, port)
	}
	if len(operands) != 2 {
		return applet.Usagef("want HOST PORT")
	}
	d := net.Dialer{Timeout: timeout}
	conn, err := d.DialContext(ctx, network, net.JoinHostPort(operands[0], operands[1]))
	if err != nil {
		if verbose || !scan {
			p.Errorf("%s port %s: %s (%v)", operands[0], operands[1], neterr.Kind(err), err)
		}
		return applet.Exit(1)
	}
	defer conn.Close()
	if verbose {
		fmt.Fprintf(p.Stderr, "%s port %s: open\n", operands[0], operands[1])
	}
	if scan {
		return nil
	}
	return pipe(p, conn)
}

func accept(ctx context.Context, p *applet.Process, port string) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", ":"+port)
	if err != nil {
		return err
	}
	conn, err := listener.Accept()
	listener.Close()
	if err != nil {
		return err
	}
	defer conn.Close()
	return pipe(p, conn)
}

// pipe ends when the peer has said all; the end of standard input is passed
// on to the peer, who may still answer.
func pipe(p *applet.Process, conn net.Conn) error {
	go func() {
		_, _ = io.Copy(conn, p.Stdin) // the other direction reports errors
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite() // as above
		}
	}()
	_, err := io.Copy(p.Stdout, conn)
	return err
}

// Package prober is the process of the checks' helper pod: it does nothing
// but be there, so that other applets can be run beside it with exec.
package prober

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Run answers /healthz until SIGTERM, which ends it at once.
func Run(ctx context.Context, p *applet.Process) error {
	port := 8080
	set := opt.New("[-p PORT]", "Be there, answer 200 on every path, and collect orphaned processes.")
	set.Int(&port, 'p', "port", "TCP port")
	if _, err := p.Parse(set); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if err != nil {
		return err
	}
	if os.Getpid() == 1 {
		go reap(ctx)
	}
	return serve(ctx, listener)
}

func serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "ok\n") // the client has left
		}),
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })() // nothing in flight matters
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// reap collects the children that commands run by exec leave to PID 1. The
// prober starts none itself, so none is taken from anybody.
func reap(ctx context.Context) {
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	defer signal.Stop(children)
	for {
		select {
		case <-ctx.Done():
			return
		case <-children:
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}

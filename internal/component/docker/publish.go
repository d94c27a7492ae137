//go:build linux

package docker

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"

	"labctl.dev/labctl/internal/machine/gateway"
	"labctl.dev/labctl/internal/node"
)

// publisher forwards the ports that containers publish from the host's loopback
// into the engine's network: there, docker-proxy takes them.
type publisher struct {
	client  *client.Client
	gateway *gateway.Gateway
	log     *slog.Logger
	life    context.Context //nolint:containedctx // of the goroutines it starts; close ends it
	end     context.CancelFunc
	running sync.WaitGroup

	mu   sync.Mutex
	open map[uint16]net.Listener
}

func newPublisher(c *client.Client, g *gateway.Gateway, log *slog.Logger) *publisher {
	return &publisher{client: c, gateway: g, log: log, open: map[uint16]net.Listener{}}
}

// start forwards what is published already, and follows what will be.
func (p *publisher) start(ctx context.Context) error {
	p.life, p.end = context.WithCancel(context.WithoutCancel(ctx))
	messages, failed := p.client.Events(p.life, events.ListOptions{Filters: filters.NewArgs(filters.Arg("type", "container"))})
	if err := p.sync(ctx); err != nil {
		return err
	}
	p.running.Go(func() { p.follow(messages, failed) })
	return nil
}

// follow looks again whenever a container changes, until the engine ends.
func (p *publisher) follow(messages <-chan events.Message, failed <-chan error) {
	for {
		select {
		case <-messages:
			if err := p.sync(p.life); err != nil && p.life.Err() == nil {
				p.log.Warn("cannot publish ports", "error", err)
			}
		case err := <-failed:
			if p.life.Err() != nil {
				return
			}
			p.log.Info("docker's events ended; listening again", "error", err)
			select {
			case <-time.After(time.Second): // the engine is being restarted
			case <-p.life.Done():
				return
			}
			messages, failed = p.client.Events(p.life, events.ListOptions{Filters: filters.NewArgs(filters.Arg("type", "container"))})
		}
	}
}

// sync makes the open ports those that running containers publish.
func (p *publisher) sync(ctx context.Context) error {
	list, err := p.client.ContainerList(ctx, container.ListOptions{})
	if err != nil {
		return err
	}
	wanted := map[uint16]bool{}
	for _, c := range list {
		for _, port := range c.Ports {
			if port.PublicPort != 0 && port.Type == "tcp" {
				wanted[port.PublicPort] = true
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for port, l := range p.open {
		if !wanted[port] {
			l.Close()
			delete(p.open, port)
		}
	}
	for port := range wanted {
		if p.open[port] == nil {
			if err := p.publish(port); err != nil {
				p.log.Warn("cannot publish a port", "port", port, "error", err)
			}
		}
	}
	return nil
}

// publish opens one port. The caller holds the lock.
func (p *publisher) publish(port uint16) error {
	l, err := new(net.ListenConfig).Listen(p.life, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		return err
	}
	p.open[port] = l
	p.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.join(conn, port) })
		}
	})
	return nil
}

func (p *publisher) join(outside net.Conn, port uint16) {
	defer outside.Close()
	inside, err := p.gateway.DialTCP(p.life, netip.AddrPortFrom(node.MachineIP(1), port))
	if err != nil {
		return // as from a port behind which nobody listens
	}
	defer inside.Close()
	stop := context.AfterFunc(p.life, func() { outside.Close(); inside.Close() })
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		copyHalf(inside, outside)
	}()
	copyHalf(outside, inside)
	<-done
}

// copyHalf passes the end of a stream on, and a broken one as the end of both
// directions.
func copyHalf(to, from net.Conn) {
	half, ok := to.(interface{ CloseWrite() error })
	if _, err := io.Copy(to, from); err != nil || !ok || half.CloseWrite() != nil {
		to.Close()
		from.Close()
	}
}

// close ends all forwarding.
func (p *publisher) close() {
	if p.end == nil {
		return
	}
	p.end()
	p.mu.Lock()
	for _, l := range p.open {
		l.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}

var starting = regexp.MustCompile(`^(?:/v[0-9.]+)?/containers/(.+)/(?:re)?start$`)

// before refuses to start a container whose ports the host has given to somebody
// else, as Docker itself would, and lets the learner use the ports of one that
// has started at once.
func (p *publisher) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		match := starting.FindStringSubmatch(r.URL.Path)
		if match == nil || r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		if err := p.refusal(r.Context(), match[1]); err != nil {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, "{\"message\":%q}\n", err.Error())
			return
		}
		next.ServeHTTP(w, r)
		if err := p.sync(p.life); err != nil {
			p.log.Warn("cannot publish ports", "error", err)
		}
	})
}

// refusal tries the ports that a container asks for.
func (p *publisher) refusal(ctx context.Context, name string) error {
	c, err := p.client.ContainerInspect(ctx, name)
	if err != nil || c.HostConfig == nil {
		return nil // the engine will say what is wrong with it
	}
	for _, bindings := range c.HostConfig.PortBindings {
		for _, b := range bindings {
			port, err := strconv.ParseUint(b.HostPort, 10, 16)
			if err != nil || port == 0 || p.has(uint16(port)) {
				continue
			}
			l, err := new(net.ListenConfig).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", b.HostPort))
			if err != nil {
				return fmt.Errorf("bind for 127.0.0.1:%d failed: port is already allocated by another program of this machine (%w)", port, err)
			}
			l.Close()
		}
	}
	return nil
}

func (p *publisher) has(port uint16) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open[port] != nil
}

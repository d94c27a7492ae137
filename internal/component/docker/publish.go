//go:build linux

package docker

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
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

// again is when events that ended are asked for anew.
const again = time.Second

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
	messages, failed := p.subscribe()
	if err := p.sync(ctx); err != nil {
		return err
	}
	p.running.Go(func() { p.follow(messages, failed) })
	return nil
}

func (p *publisher) subscribe() (<-chan events.Message, <-chan error) {
	return p.client.Events(p.life, events.ListOptions{Filters: filters.NewArgs(filters.Arg("type", "container"))})
}

// follow looks again whenever a container changes, until the engine ends.
func (p *publisher) follow(messages <-chan events.Message, failed <-chan error) {
	for {
		select {
		case <-messages:
		case err := <-failed:
			if p.life.Err() != nil {
				return
			}
			p.log.Info("docker's events ended; listening again", "error", err)
			select {
			case <-time.After(again): // the engine is being restarted
			case <-p.life.Done():
				return
			}
			messages, failed = p.subscribe() // what happened meanwhile is not told
		}
		if err := p.sync(p.life); err != nil && p.life.Err() == nil {
			p.log.Warn("cannot publish ports", "error", err)
		}
	}
}

// sync makes the open ports those that running containers publish. It asks with
// the lock held, so that no older answer comes after a newer one.
func (p *publisher) sync(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.life.Err(); err != nil {
		return err // nobody would close what it opens
	}
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

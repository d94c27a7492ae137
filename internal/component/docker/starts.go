//go:build linux

package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"
)

// starting are requests that publish a container's ports.
var starting = regexp.MustCompile(`^(?:/v[0-9.]+)?/containers/(.+)/(?:re)?start$`)

// before has a container not start whose ports the host has given to somebody
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
			refuse(w, err)
			return
		}
		answer := &kept{header: w.Header(), status: http.StatusOK}
		next.ServeHTTP(answer, r)
		if answer.status < http.StatusMultipleChoices {
			if err := p.started(match[1]); err != nil {
				clear(w.Header())
				refuse(w, err)
				return
			}
		}
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body.Bytes()) // the client may have left
	})
}

// refuse answers as the engine would: the docker command prints the message.
func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusInternalServerError)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": err.Error()}) // the client may have left
}

// kept is a response that is not sent yet.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(status int) {
	if status >= http.StatusOK { // else another one follows
		k.status = status
	}
}

func (k *kept) Write(data []byte) (int, error) { return k.body.Write(data) }

// refusal tries the ports that a container asks for.
func (p *publisher) refusal(ctx context.Context, name string) error {
	c, err := p.client.ContainerInspect(ctx, name)
	if err != nil || c.HostConfig == nil {
		return nil // the engine will say what is wrong with it
	}
	return p.taken(ctx, c.HostConfig.PortBindings)
}

// taken fails if one of the ports is not forwarded and cannot be.
func (p *publisher) taken(ctx context.Context, ports nat.PortMap) error {
	for inside, bindings := range ports {
		if inside.Proto() != "tcp" {
			continue
		}
		for _, b := range bindings {
			port, err := strconv.ParseUint(b.HostPort, 10, 16)
			if err != nil || port == 0 || p.has(uint16(port)) {
				continue
			}
			l, err := new(net.ListenConfig).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", b.HostPort))
			if err != nil {
				return fmt.Errorf("labctl: bind for 127.0.0.1:%d failed: port is already allocated by another program of this machine (%w); publish another one, as in -p %d:%s", port, err, (port+1)%(1<<16), inside.Port())
			}
			l.Close()
		}
	}
	return nil
}

// started opens the ports of a container that runs now, those that the engine
// chose, too. One without them does not go on.
func (p *publisher) started(name string) error {
	if err := p.sync(p.life); err != nil {
		p.log.Warn("cannot publish ports", "error", err)
		return nil
	}
	c, err := p.client.ContainerInspect(p.life, name)
	if err != nil || c.NetworkSettings == nil {
		return nil // it has ended already
	}
	taken := p.taken(p.life, c.NetworkSettings.Ports)
	if taken == nil {
		return nil
	}
	now := 0
	if err := p.client.ContainerStop(p.life, c.ID, container.StopOptions{Timeout: &now}); err != nil {
		p.log.Warn("cannot stop a container whose port is taken", "container", c.ID, "error", err)
	}
	return taken
}

func (p *publisher) has(port uint16) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open[port] != nil
}

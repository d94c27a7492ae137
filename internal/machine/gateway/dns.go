package gateway

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
)

const (
	dnsTimeout = 2 * time.Second
	maxQueries = 128
	maxMessage = 4 << 10
	// After this many questions in a row that nobody answered, the host counts
	// as without DNS for a moment, and nodes are told so at once.
	deafAfter = 2
	deafFor   = 3 * time.Second
)

var errNoResolver = errors.New("the host has no DNS resolver that answers")

// relay hands DNS messages, as they are, to the resolvers that the host uses,
// which may well listen on its loopback.
type relay struct {
	resolvConf string
	dial       func(ctx context.Context, network, address string) (net.Conn, error)

	mu        sync.Mutex
	silent    int // unanswered questions in a row
	deafUntil time.Time
}

// serveDNS answers on the gateway's own address.
func (g *Gateway) serveDNS() error {
	at := &tcpip.FullAddress{NIC: nic, Addr: address4(g.cfg.Prefix.Addr()), Port: dnsPort}
	conn, err := gonet.DialUDP(g.stack, at, nil, ipv4.ProtocolNumber)
	if err != nil {
		return err
	}
	slots := make(chan struct{}, maxQueries)
	g.spawn(func() {
		defer func() { _ = conn.Close() }()
		stop := context.AfterFunc(g.life, func() { _ = conn.Close() })
		defer stop()
		buf := make([]byte, maxMessage)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			select {
			case slots <- struct{}{}:
			default:
				continue // as a resolver does that is overrun
			}
			query := bytes.Clone(buf[:n])
			go func() {
				defer func() { <-slots }()
				if answer := g.dns.answer(g.life, query); answer != nil {
					_, _ = conn.WriteTo(answer, from)
				}
			}()
		}
	})
	return nil
}

// answer asks the host's resolvers in turn. When none answers it says so, for
// silence would keep the asker waiting. It returns nil for what is no question.
func (r *relay) answer(ctx context.Context, query []byte) []byte {
	const header = 12
	if len(query) < header || query[2]&0x80 != 0 {
		return nil
	}
	if !r.deaf() {
		for _, resolver := range r.resolvers() {
			if answer, err := r.ask(ctx, resolver, query); err == nil {
				r.heard(true)
				return answer
			}
		}
		r.heard(false)
	}
	return serverFailure(query)
}

// serverFailure is the answer "I could not find out", made of the question.
func serverFailure(query []byte) []byte {
	answer := bytes.Clone(query)
	answer[2] |= 0x80    // a response
	answer[3] = 0x80 | 2 // recursion available; SERVFAIL
	clear(answer[6:12])  // no records
	return answer[:questionEnd(answer)]
}

// questionEnd returns where the first question ends.
func questionEnd(msg []byte) int {
	i := 12
	for i < len(msg) && msg[i] != 0 {
		i += int(msg[i]) + 1
	}
	return min(i+5, len(msg))
}

func (r *relay) ask(ctx context.Context, resolver string, query []byte) ([]byte, error) {
	conn, err := r.dial(ctx, "udp", resolver)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(dnsTimeout)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	answer := make([]byte, maxMessage)
	for {
		n, err := conn.Read(answer)
		if err != nil {
			return nil, err
		}
		if n >= 12 && answer[0] == query[0] && answer[1] == query[1] {
			return answer[:n], nil
		}
	}
}

// dialTCP connects to the first resolver that lets it.
func (r *relay) dialTCP(ctx context.Context) (net.Conn, error) {
	err := errNoResolver
	for _, resolver := range r.resolvers() {
		var conn net.Conn
		if conn, err = r.dial(ctx, "tcp", resolver); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// resolvers reads the file anew for each question: machines move between
// networks.
func (r *relay) resolvers() []string {
	data, err := os.ReadFile(r.resolvConf)
	if err != nil {
		return nil
	}
	var found []string
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if addr, err := netip.ParseAddr(fields[1]); err == nil {
			found = append(found, netip.AddrPortFrom(addr, dnsPort).String())
		}
	}
	return found
}

func (r *relay) deaf() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Before(r.deafUntil)
}

func (r *relay) heard(answered bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if answered {
		r.silent = 0
		return
	}
	if r.silent++; r.silent >= deafAfter {
		r.deafUntil = time.Now().Add(deafFor)
	}
}

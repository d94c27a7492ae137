package proxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"

	"labctl.dev/labctl/internal/component/docker/proxy/buildkit"
)

// serveBuilds stands between BuildKit's client and BuildKit, which speak gRPC on a
// connection that both sides begin with a request like any other.
func (p *Proxy) serveBuilds(w http.ResponseWriter, r *http.Request) {
	engine, err := p.upgrade(r)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		p.refuse(w, r, errors.Join(err, engine.Close()))
		return
	}
	if _, err := io.WriteString(client, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"); err != nil {
		client.Close()
		engine.Close()
		return
	}
	rules := buildkit.Rules{
		Labels: map[string]string{Label: p.policy.Environment},
		MayName: func(ctx context.Context, ref string) error {
			err := p.mayName(ctx, ref)
			if err != nil {
				p.log.Info("docker proxy: refused", "build", ref, "reason", err)
			}
			return err
		},
	}
	if err := buildkit.Serve(r.Context(), &ahead{client, buffered.Reader}, engine, rules); err != nil {
		p.log.Debug("docker proxy: builds", "error", err)
	}
}

// upgrade opens a connection to the engine's BuildKit.
func (p *Proxy) upgrade(r *http.Request) (net.Conn, error) {
	conn, err := p.dial(r.Context())
	if err != nil {
		return nil, silent(err)
	}
	request := r.Clone(r.Context())
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "h2c")
	request.Body, request.ContentLength = http.NoBody, 0
	reader := bufio.NewReader(conn)
	if err := request.Write(conn); err != nil {
		return nil, errors.Join(silent(err), conn.Close())
	}
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return nil, errors.Join(silent(err), conn.Close())
	}
	defer response.Body.Close() // that of a connection which is upgraded has none
	if response.StatusCode != http.StatusSwitchingProtocols {
		said, _ := io.ReadAll(io.LimitReader(response.Body, maxBody)) // the status says enough
		return nil, errors.Join(&Refusal{Status: response.StatusCode, Message: string(said)}, conn.Close())
	}
	return &ahead{conn, reader}, nil
}

// ahead is a connection of which something has been read already.
type ahead struct {
	net.Conn

	reader *bufio.Reader
}

func (a *ahead) Read(data []byte) (int, error) { return a.reader.Read(data) }

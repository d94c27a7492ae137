// Package buildkit stands between BuildKit and a client of its gRPC API: what is
// built carries labels, and what reaches beyond a lab is refused. It knows the few
// fields that matter by their numbers, which never change, and passes on the rest
// of a message as it is:
// https://github.com/moby/buildkit/blob/master/api/services/control/control.proto
package buildkit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
)

// Rules say what a client may do.
type Rules struct {
	// Labels are given to every image that is built from a Dockerfile.
	Labels map[string]string
	// MayName refuses a name for what is built.
	MayName func(ctx context.Context, ref string) error
}

// Serve passes on a client's calls to an engine until the client ends; ctx is for
// the beginning. It closes both connections.
func Serve(ctx context.Context, client, engine net.Conn, rules Rules) error {
	defer engine.Close()
	upstream, err := dial(ctx, engine)
	if err != nil {
		return errors.Join(fmt.Errorf("speak to BuildKit: %w", err), client.Close())
	}
	next := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "docker"})
			r.Out.Host = r.In.Host
		},
		Transport:     upstream,
		FlushInterval: -1, // a build's progress is read as it comes
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, err error) { answer(w, unavailable, err.Error()) },
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := rules.apply(r); err != nil {
			answer(w, denied, err.Error())
			return
		}
		next.ServeHTTP(w, r)
	})
	accept(client, handler)
	return upstream.Close()
}

// The codes of gRPC: https://grpc.io/docs/guides/status-codes/
const (
	denied      = 7
	unavailable = 14
)

// answer ends a call with an error.
func answer(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Grpc-Status", strconv.Itoa(code))
	w.Header().Set("Grpc-Message", url.PathEscape(message))
	w.WriteHeader(http.StatusOK)
}

const (
	control = "/moby.buildkit.v1.Control/"
	bridge  = "/moby.buildkit.v1.frontend.LLBBridge/"
)

// apply refuses a call, or changes it.
func (rules Rules) apply(r *http.Request) error {
	switch r.URL.Path {
	case control + "Solve":
		return rewrite(r, func(message []byte) ([]byte, error) { return rules.solve(r.Context(), message) })
	case bridge + "Solve":
		return rewrite(r, rules.frontend)
	case control + "Prune":
		return errors.New("labctl: the build cache belongs to all who build with this Docker Engine; empty it in a shell of your own, outside of the lab")
	case control + "UpdateBuildHistory":
		return rewrite(r, keepHistory)
	}
	return nil
}

// maxMessage is what BuildKit takes.
const maxMessage = 16 << 20

// rewrite changes the one message of a call: a byte that says whether it is
// compressed, four of its length, and itself.
func rewrite(r *http.Request, change func([]byte) ([]byte, error)) error {
	const head = 5
	data, err := io.ReadAll(io.LimitReader(r.Body, maxMessage+head+1))
	switch {
	case err != nil:
		return fmt.Errorf("labctl: read the request: %w", err)
	case len(data) > maxMessage+head:
		return errors.New("labctl: the request is too long")
	case len(data) < head || data[0] != 0 || int(binary.BigEndian.Uint32(data[1:head])) != len(data)-head:
		return errors.New("labctl: the request is no message that labctl understands")
	}
	message, err := change(data[head:])
	if err != nil {
		return err
	}
	framed := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))) //nolint:gosec // it is below maxMessage and a little
	framed = append(framed, message...)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(framed)), int64(len(framed))
	if r.Header.Get("Content-Length") != "" {
		r.Header.Set("Content-Length", strconv.Itoa(len(framed)))
	}
	return nil
}

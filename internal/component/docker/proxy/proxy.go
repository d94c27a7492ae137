// Package proxy stands between a learner and a Docker Engine. What would reach
// beyond the lab (privileged containers, the host's namespaces, files outside the
// workspace) is refused. Containers, networks, volumes and the images of the
// classic builder carry the environment's label; images that are pulled, loaded,
// imported, committed or built by BuildKit do not. In an engine that is shared (see
// Shared) those that are made there do, too, and names of the others are noted; and
// what is not the environment's is out of reach.
//
// It speaks the Docker Engine API, https://docs.docker.com/reference/api/engine/,
// and passes on, byte by byte, what it has no rule for.
//
// What is mounted is looked at when a container is made and when it is started. A
// race remains: a learner may put a symbolic link in the place of a directory
// between the look and the mount, or before the engine starts a container again
// by itself. It leads into the engine's machine, where the host's other files are
// not, but the engine's own socket is; or, in the user's own engine, into the host:
// the proxy keeps learners from mistakes, and does not hold an attacker.
package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	pathpkg "path"
	"regexp"
	"strings"
)

// Label is on everything made through a proxy. Its value is the environment's id.
const Label = "dev.labctl.environment"

// Policy says what the learner may do.
type Policy struct {
	// Environment is the value of Label.
	Environment string
	// Binds are the directories of the host that containers may mount.
	Binds []string
	// Shared is set if the engine is not the environment's alone.
	Shared *Shared
}

// Dial connects to the engine.
type Dial func(ctx context.Context) (net.Conn, error)

// Proxy is an http.Handler that speaks the Docker Engine API.
type Proxy struct {
	policy Policy
	dial   Dial
	client *http.Client
	next   *httputil.ReverseProxy
	log    *slog.Logger
	rules  []rule
}

// New makes a proxy in front of the engine that dial reaches.
func New(policy Policy, dial Dial, logger *slog.Logger) *Proxy {
	transport := &http.Transport{
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableCompression: true, // the learner's own Accept-Encoding counts
	}
	p := &Proxy{policy: policy, dial: dial, client: &http.Client{Transport: transport}, log: logger}
	p.rules = p.allRules()
	p.next = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "docker"})
			r.Out.Host = r.In.Host
		},
		Transport: transport,
		ModifyResponse: func(r *http.Response) error {
			if change, ok := r.Request.Context().Value(answerKey{}).(func(*http.Response) error); ok {
				return change(r)
			}
			return nil
		},
		FlushInterval: -1, // logs, events and progress are read as they come
		ErrorLog:      log.New(logWriter{logger}, "", 0),
		ErrorHandler:  p.unreachable,
	}
	return p
}

// logWriter takes what ReverseProxy has to say.
type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(text []byte) (int, error) {
	w.log.Debug("docker proxy", "message", string(text))
	return len(text), nil
}

var (
	// version is the optional first part of a path, as engines take it: any digits
	// and dots.
	version = regexp.MustCompile(`^/v[0-9.][^/]*`)
	// properVersion is the only form that clients write.
	properVersion = regexp.MustCompile(`^/v[0-9]+\.[0-9]+$`)
)

// ServeHTTP applies the rules that fit and passes the request on.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if path != "/" && path != strings.TrimSuffix(pathpkg.Clean(path), "/") {
		p.refuse(w, r, &Refusal{Status: http.StatusBadRequest, Message: "labctl: the request's path is not a clean one"})
		return
	}
	prefix := version.FindString(path)
	if prefix != "" && !properVersion.MatchString(prefix) {
		p.refuse(w, r, &Refusal{Status: http.StatusBadRequest, Message: "labctl: " + prefix[1:] + " is no version of Docker's API"})
		return
	}
	known := false
	for _, rule := range p.rules {
		// Rules may change the path for those behind them.
		parts := rule.path.FindStringSubmatch(strings.TrimPrefix(r.URL.Path, prefix))
		if parts == nil || rule.method != "" && rule.method != r.Method {
			continue
		}
		known = known || rule.shared
		if rule.serve != nil {
			rule.serve(w, r)
			return
		}
		if err := rule.apply(r, parts[1:]); err != nil {
			p.refuse(w, r, err)
			return
		}
	}
	if p.policy.Shared != nil && !known {
		p.refuse(w, r, forbidden("labctl: "+r.Method+" "+path+" may concern what is not this lab's, and is not allowed in your own Docker Engine"))
		return
	}
	p.next.ServeHTTP(w, r)
}

// answerKey is the key of what onAnswer adds to a request's context.
type answerKey struct{}

// onAnswer has the engine's answer to a request changed before it is passed on.
func onAnswer(r *http.Request, change func(*http.Response) error) {
	if before, ok := r.Context().Value(answerKey{}).(func(*http.Response) error); ok {
		last := change
		change = func(response *http.Response) error {
			if err := before(response); err != nil {
				return err
			}
			return last(response)
		}
	}
	*r = *r.WithContext(context.WithValue(r.Context(), answerKey{}, change))
}

// Refusal is an answer that the proxy gives itself.
type Refusal struct {
	Status  int
	Message string
	// others says that what is missing is there, and somebody else's.
	others bool
}

func (r *Refusal) Error() string { return r.Message }

func forbidden(message string) error { return &Refusal{Status: http.StatusForbidden, Message: message} }

// refuse answers as the engine would: the docker command prints the message.
func (p *Proxy) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusBadGateway
	var refusal *Refusal
	if errors.As(err, &refusal) {
		status = refusal.Status
	}
	p.log.Info("docker proxy: refused", "method", r.Method, "path", r.URL.Path, "reason", err)
	answer(w, status, err.Error())
}

func (p *Proxy) unreachable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the client has left
	}
	p.log.Warn("docker proxy: the engine does not answer", "path", r.URL.Path, "error", err)
	refusal := silent(err)
	answer(w, refusal.Status, refusal.Message)
}

// silent is the answer for an engine that does not give one: not the engine's own
// 500, by which it refuses what a request asks for.
func silent(err error) *Refusal {
	return &Refusal{Status: http.StatusServiceUnavailable, Message: "labctl: Docker does not answer: " + err.Error()}
}

func answer(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message}) // the client may have left
}

package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"labctl.dev/labctl/internal/labapp/metrics"
	"labctl.dev/labctl/internal/labapp/opt"
)

// About is what / answers to a client that accepts JSON.
type About struct {
	Greeting          string            `json:"greeting"`
	Version           string            `json:"version"`
	Pod               string            `json:"pod"`
	Hostname          string            `json:"hostname"`
	Node              string            `json:"node,omitempty"`
	Namespace         string            `json:"namespace,omitempty"`
	StartedAt         time.Time         `json:"startedAt"`
	Config            map[string]string `json:"config,omitempty"`
	SecretFingerprint string            `json:"secretFingerprint,omitempty"`
	SecretBytes       int               `json:"secretBytes,omitempty"`
}

// Fingerprint is how the service shows that it has a secret: the first 12
// hexadecimal digits of its SHA-256, or "" for no secret.
func Fingerprint(secret string) string {
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:6])
}

func (s *service) about() About {
	hostname, _ := os.Hostname() // left empty when there is none
	return About{
		Greeting: s.cfg.Greeting, Version: s.cfg.Version, Pod: s.cfg.PodName, Hostname: hostname,
		Node: os.Getenv("NODE_NAME"), Namespace: os.Getenv("POD_NAMESPACE"), StartedAt: s.started.UTC(),
		Config: s.cfg.Properties, SecretFingerprint: Fingerprint(s.cfg.Secret), SecretBytes: len(s.cfg.Secret),
	}
}

func (s *service) index(w http.ResponseWriter, r *http.Request) {
	about := s.about()
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		writeJSON(w, about)
		return
	}
	fmt.Fprintf(w, "%s\nversion: %s\npod: %s\n", about.Greeting, about.Version, about.Pod)
}

// private answers callers who know the token.
func (s *service) private(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.cfg.APIToken == "":
		http.Error(w, "closed: this service was started without API_TOKEN", http.StatusServiceUnavailable)
	case !bears(r, s.cfg.APIToken):
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "want Authorization: Bearer TOKEN", http.StatusUnauthorized)
	default:
		fmt.Fprintln(w, "welcome")
	}
}

// bears says whether a request carries the token.
func bears(r *http.Request, token string) bool {
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	return subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1
}

func (s *service) version(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		writeJSON(w, map[string]string{"version": s.cfg.Version})
		return
	}
	fmt.Fprintln(w, s.cfg.Version)
}

// Inspection is what /env answers: where each setting comes from.
type Inspection struct {
	Settings          []opt.Setting     `json:"settings"`
	Config            map[string]string `json:"config,omitempty"`
	SecretFingerprint string            `json:"secretFingerprint,omitempty"`
	// Environment holds the names of all variables, without values.
	Environment []string `json:"environment"`
}

func (s *service) inspect(w http.ResponseWriter, _ *http.Request) {
	in := Inspection{Settings: s.cfg.Settings, Config: s.cfg.Properties, SecretFingerprint: Fingerprint(s.cfg.Secret)}
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		in.Environment = append(in.Environment, name)
	}
	writeJSON(w, in)
}

func (s *service) health(w http.ResponseWriter, _ *http.Request) {
	if s.faults.state().Unhealthy {
		http.Error(w, "unhealthy: made so by /admin", http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (s *service) ready(w http.ResponseWriter, _ *http.Request) {
	if why := s.unready(); why != "" {
		http.Error(w, "not ready: "+why, http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (s *service) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", metrics.ContentType)
	_ = s.registry.Write(w) // the scraper has left
}

func (s *service) slow(w http.ResponseWriter, r *http.Request) {
	ms, err := strconv.Atoi(r.FormValue("ms"))
	if err != nil || ms < 0 {
		http.Error(w, "want /slow?ms=NUMBER", http.StatusBadRequest)
		return
	}
	if pause(r.Context(), time.Duration(ms)*time.Millisecond) {
		fmt.Fprintf(w, "answered after %d ms\n", ms)
	}
}

// Echo is what /echo answers: the request as it arrived.
type Echo struct {
	Method  string              `json:"method"`
	Host    string              `json:"host"`
	URL     string              `json:"url"`
	Remote  string              `json:"remote"`
	Headers map[string][]string `json:"headers"`
	Body    string              `json:"body,omitempty"`
}

func (s *service) echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	writeJSON(w, Echo{r.Method, r.Host, r.URL.String(), r.RemoteAddr, r.Header, string(body)})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client has left
}

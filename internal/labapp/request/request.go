// Package request is the http applet: it makes requests from inside the
// cluster and prints what came back as JSON. Checks use it to see a service
// as another pod sees it.
package request

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/neterr"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Response is one element of the JSON array that is printed: one per request,
// in the order they were made. Status is 0 when there was no answer; Error
// and ErrorKind (see package neterr) then say why.
type Response struct {
	URL       string            `json:"url"`
	At        time.Time         `json:"at"`
	Status    int               `json:"status"`
	Headers   map[string]string `json:"headers,omitempty"` // canonical names, values joined by ", "
	Body      string            `json:"body,omitempty"`    // bytes that are not UTF-8 are replaced
	Truncated bool              `json:"truncated,omitempty"`
	MS        float64           `json:"ms"`
	Error     string            `json:"error,omitempty"`
	ErrorKind string            `json:"errorKind,omitempty"`
}

// config is one run of the applet.
type config struct {
	method, body, host string
	headers            []string
	timeout, interval  time.Duration
	count              int
	limit              int64
	follow, insecure   bool
	keepAlive          bool
}

func (c *config) options() *opt.Set {
	s := opt.New("[OPTIONS] URL...", "Make HTTP requests and print a JSON array of {url, at, status, headers, body, ms, error, errorKind}.")
	s.String(&c.method, 'X', "method", "HTTP method")
	s.Strings(&c.headers, 'H', "header", "\"Name: value\", may be given several times")
	s.String(&c.body, 'd', "body", "request body")
	s.String(&c.host, 0, "host", "Host header")
	s.Duration(&c.timeout, 0, "timeout", "for one request, connecting and reading included")
	s.Int(&c.count, 'n', "count", "how often to request each URL, one after the other")
	s.Duration(&c.interval, 0, "interval", "pause between requests")
	s.Bytes(&c.limit, 0, "limit", "keep so much of the body")
	s.Bool(&c.follow, 'L', "follow", "follow redirects")
	s.Bool(&c.insecure, 'k', "insecure", "do not verify certificates")
	s.Bool(&c.keepAlive, 0, "keep-alive", "reuse connections")
	s.Notes = "errorKind: dns, refused, timeout, reset, unreachable, tls, protocol, other. Nothing is retried.\n" +
		"The exit code is 0 whatever the answers are."
	return s
}

// Run makes the requests. Failed requests are results, not errors.
func Run(ctx context.Context, p *applet.Process) error {
	c := &config{method: http.MethodGet, timeout: 5 * time.Second, count: 1, limit: 64 << 10}
	urls, err := p.Parse(c.options())
	if err != nil {
		return err
	}
	if len(urls) == 0 {
		return applet.Usagef("missing URL")
	}
	header := http.Header{}
	for _, line := range c.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return applet.Usagef("bad header %q: want \"Name: value\"", line)
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	client := c.client()
	defer client.CloseIdleConnections()
	responses := []Response{}
	for i := range c.count {
		if i > 0 && !pause(ctx, c.interval) {
			break
		}
		for _, url := range urls {
			responses = append(responses, c.do(ctx, client, url, header))
		}
	}
	return json.NewEncoder(p.Stdout).Encode(responses)
}

// client has nothing in common with those of other runs in this process, not even
// the lookup of a name that another has just begun.
func (c *config) client() *http.Client {
	dialer := &net.Dialer{Resolver: &net.Resolver{}}
	client := &http.Client{Timeout: c.timeout, Transport: &http.Transport{
		DialContext:        dialer.DialContext,
		DisableKeepAlives:  !c.keepAlive,
		DisableCompression: true,
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: c.insecure},
	}}
	if !c.follow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return client
}

func (c *config) do(ctx context.Context, client *http.Client, url string, header http.Header) Response {
	begun := time.Now()
	r := Response{URL: url, At: begun.UTC()}
	err := c.exchange(ctx, client, &r, header)
	r.MS = float64(time.Since(begun).Microseconds()) / 1000
	if err != nil {
		r.Error, r.ErrorKind = err.Error(), neterr.Kind(err)
	}
	return r
}

func (c *config) exchange(ctx context.Context, client *http.Client, r *Response, header http.Header) error {
	request, err := http.NewRequestWithContext(ctx, c.method, r.URL, strings.NewReader(c.body))
	if err != nil {
		return fmt.Errorf("bad request: %w", err)
	}
	request.Header, request.Host = header.Clone(), c.host
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	r.Status = response.StatusCode
	r.Headers = map[string]string{}
	for name, values := range response.Header {
		r.Headers[name] = strings.Join(values, ", ")
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, c.limit))
	r.Body = string(body)
	if !utf8.Valid(body) {
		r.Body = strings.ToValidUTF8(r.Body, "\uFFFD")
	}
	if err != nil {
		return err
	}
	rest, err := io.Copy(io.Discard, response.Body)
	r.Truncated = rest > 0
	return err
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

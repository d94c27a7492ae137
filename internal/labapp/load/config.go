package load

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"labctl.dev/labctl/internal/labapp/opt"
)

// Config is one run.
type Config struct {
	URLs        []string
	RPS         float64
	Duration    time.Duration // 0: until stdin closes or a signal
	UntilStdin  bool
	Timeout     time.Duration
	Concurrency int // 0: as many as the rate and the timeout can need
	KeepAlive   bool
	Method      string
	Header      http.Header
	Host        string
	Body        string
	Expect      int // 0: any status below 400
	Stream      bool
	Interval    time.Duration
	SoFar       bool
	Insecure    bool

	headers []string
}

// Defaults are 10 requests a second for 10 seconds.
func defaults() *Config {
	return &Config{RPS: 10, Duration: 10 * time.Second, Timeout: 5 * time.Second, Method: http.MethodGet, Header: http.Header{}, Interval: time.Second}
}

func (c *Config) options() *opt.Set {
	s := opt.New("--url URL [--url URL...] [--rps N] [--duration D | --until-stdin-closes] [OPTIONS]",
		"Send requests at a constant rate and count what becomes of them. Prints one JSON summary.")
	s.Strings(&c.URLs, 'u', "url", "where to; several take turns")
	s.Float(&c.RPS, 'r', "rps", "requests a second, all URLs together")
	s.Duration(&c.Duration, 'd', "duration", "how long")
	s.Bool(&c.UntilStdin, 0, "until-stdin-closes", "run until standard input ends, instead of --duration")
	s.Duration(&c.Timeout, 0, "timeout", "for one request, connecting included")
	s.Int(&c.Concurrency, 'c', "concurrency", "at most so many requests in flight (0: no limit that matters)")
	s.Bool(&c.KeepAlive, 0, "keep-alive", "reuse connections (then one pod may get everything)")
	s.String(&c.Method, 'X', "method", "HTTP method")
	s.Strings(&c.headers, 'H', "header", "\"Name: value\", may be given several times")
	s.String(&c.Host, 0, "host", "Host header")
	s.String(&c.Body, 0, "body", "request body")
	s.Int(&c.Expect, 0, "expect", "the one good status (0: any below 400)")
	s.Bool(&c.Insecure, 'k', "insecure", "do not verify certificates")
	s.Bool(&c.Stream, 0, "stream", "print one JSON line an interval as well")
	s.Duration(&c.Interval, 0, "interval", "for --stream")
	s.Bool(&c.SoFar, 0, "so-far", "for --stream: each line is the whole summary so far")
	s.Notes = `The rate is kept whatever the answers (open loop) and latency counts from when a request was due.
Requests this machine was too busy to send on time are counted as "lagged".
Every request opens a new connection unless --keep-alive is given.`
	return s
}

func (c *Config) validate() error {
	if len(c.URLs) == 0 {
		return fmt.Errorf("--url is missing")
	}
	for _, raw := range c.URLs {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("bad URL %q: want http://HOST[:PORT]/PATH", raw)
		}
	}
	for _, line := range c.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("bad header %q: want \"Name: value\"", line)
		}
		c.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	switch {
	case c.RPS <= 0:
		return fmt.Errorf("--rps must be more than 0")
	case c.Timeout <= 0 || c.Interval <= 0:
		return fmt.Errorf("--timeout and --interval must be more than 0")
	case c.Duration <= 0 && !c.UntilStdin:
		return fmt.Errorf("--duration must be more than 0")
	}
	if c.Concurrency <= 0 {
		c.Concurrency = max(int(c.RPS*c.Timeout.Seconds()*2), 64)
	}
	return nil
}

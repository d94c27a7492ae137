package netutil

import (
	"context"
	"path"
	"strings"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Wget downloads a file; it is curl with other options and other defaults.
func Wget(ctx context.Context, p *applet.Process) error {
	c := &curl{Process: p, follow: true, fail: true}
	var quiet, spider bool
	var tries int
	var timeout time.Duration
	var post string
	s := opt.New("[-q] [-O FILE] [-T SECONDS] [--header LINE] [--post-data TEXT] URL", "Download a file (-O - prints it).")
	s.Bool(&quiet, 'q', "quiet", "no messages")
	s.String(&c.output, 'O', "output-document", "write to this file; - is standard output")
	s.Duration(&timeout, 'T', "timeout", "give up after so many seconds")
	s.Strings(&c.headers, 0, "header", "\"Name: value\"")
	s.String(&post, 0, "post-data", "send this in a POST")
	s.Bool(&spider, 0, "spider", "only see whether it is there")
	s.Bool(&c.insecure, 0, "no-check-certificate", "do not verify certificates")
	s.Bool(&c.verbose, 'S', "server-response", "print the answer's headers to standard error")
	s.Int(&tries, 't', "tries", "accepted; there is always one try")
	urls, err := p.Parse(s)
	if err != nil {
		return err
	}
	if len(urls) != 1 {
		return applet.Usagef("want one URL")
	}
	c.maxTime, c.silent, c.showError = timeout, true, !quiet
	if post != "" {
		c.data = []string{post}
	}
	if c.output == "" {
		_, rest, _ := strings.Cut(urls[0], "://")
		if c.output = path.Base(rest); !strings.Contains(rest, "/") || strings.HasSuffix(rest, "/") {
			c.output = "index.html"
		}
	}
	if spider {
		c.output = "/dev/null"
	}
	if err := c.fetch(ctx, urls[0]); err != nil {
		return applet.Exit(1)
	}
	if !quiet && c.output != "-" && !spider {
		_, err = p.Stderr.Write([]byte("saved " + c.output + "\n"))
	}
	return err
}

package netutil

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/neterr"
	"labctl.dev/labctl/internal/labapp/opt"
)

type curl struct {
	*applet.Process
	method, output, writeOut, user      string
	headers, data                       []string
	maxTime, connectTimeout             time.Duration
	silent, showError, remoteName, head bool
	include, fail, follow, insecure     bool
	verbose                             bool
}

func (c *curl) options() *opt.Set {
	s := opt.New("[OPTIONS] URL...", "Make an HTTP request and print the body of the answer.")
	s.String(&c.method, 'X', "request", "HTTP method")
	s.Strings(&c.headers, 'H', "header", "\"Name: value\"")
	s.Strings(&c.data, 'd', "data", "request body (makes it a POST); @FILE reads a file, @- standard input")
	s.Strings(&c.data, 0, "data-raw", "the same")
	s.String(&c.output, 'o', "output", "write the body to this file")
	s.Bool(&c.remoteName, 'O', "remote-name", "write the body to a file named as in the URL")
	s.Bool(&c.include, 'i', "include", "print the answer's headers too")
	s.Bool(&c.head, 'I', "head", "ask for headers only")
	s.Bool(&c.silent, 's', "silent", "no error messages")
	s.Bool(&c.showError, 'S', "show-error", "error messages even with -s")
	s.Bool(&c.fail, 'f', "fail", "exit code 22 for a status of 400 and more")
	s.Bool(&c.follow, 'L', "location", "follow redirects")
	s.Bool(&c.insecure, 'k', "insecure", "do not verify certificates")
	s.Bool(&c.verbose, 'v', "verbose", "print the headers of question and answer to standard error")
	s.String(&c.user, 'u', "user", "NAME:PASSWORD")
	s.String(&c.writeOut, 'w', "write-out", "print this at the end: %{http_code}, %{time_total}, %{size_download}")
	s.Duration(&c.maxTime, 'm', "max-time", "give up after so many seconds")
	s.Duration(&c.connectTimeout, 0, "connect-timeout", "the same here")
	s.Notes = "Exit codes: 6 name not resolved, 7 cannot connect, 22 see -f, 28 timeout, 35 TLS, 52 no answer."
	return s
}

// Curl is a small curl.
func Curl(ctx context.Context, p *applet.Process) error {
	c := &curl{Process: p}
	urls, err := p.Parse(c.options())
	if err != nil {
		return err
	}
	if len(urls) == 0 {
		return applet.Usagef("missing URL")
	}
	var failed error
	for _, url := range urls {
		if err := c.fetch(ctx, url); err != nil {
			failed = err
		}
	}
	return failed
}

func (c *curl) fetch(ctx context.Context, url string) error {
	begun := time.Now()
	if limit := max(c.maxTime, c.connectTimeout); limit > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	request, err := c.request(ctx, url)
	if err != nil {
		return err
	}
	response, err := c.client().Do(request)
	if err != nil {
		return c.failed(err)
	}
	defer response.Body.Close()
	size, err := c.show(request, response)
	if err != nil {
		return c.failed(err)
	}
	fmt.Fprint(c.Stdout, strings.NewReplacer(
		"%{http_code}", fmt.Sprint(response.StatusCode), "%{response_code}", fmt.Sprint(response.StatusCode),
		"%{time_total}", fmt.Sprintf("%.6f", time.Since(begun).Seconds()), "%{size_download}", fmt.Sprint(size), `\n`, "\n",
	).Replace(c.writeOut))
	return nil
}

func (c *curl) request(ctx context.Context, url string) (*http.Request, error) {
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	method := http.MethodGet
	switch {
	case c.method != "":
		method = c.method
	case c.head:
		method = http.MethodHead
	case len(c.data) > 0:
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, &applet.UsageError{Err: err}
	}
	request.Header.Set("User-Agent", "curl (labapp)")
	request.Header.Set("Accept", "*/*")
	if len(c.data) > 0 {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, line := range c.headers {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Host") {
			request.Host = strings.TrimSpace(value)
		}
		request.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if name, password, ok := strings.Cut(c.user, ":"); ok {
		request.SetBasicAuth(name, password)
	}
	return request, nil
}

func (c *curl) body() (string, error) {
	var parts []string
	for _, part := range c.data {
		name, isFile := strings.CutPrefix(part, "@")
		var content []byte
		var err error
		switch {
		case !isFile:
			content = []byte(part)
		case name == "-":
			content, err = io.ReadAll(c.Stdin)
		default:
			content, err = os.ReadFile(name)
		}
		if err != nil {
			return "", err
		}
		parts = append(parts, string(content))
	}
	return strings.Join(parts, "&"), nil
}

func (c *curl) client() *http.Client {
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: c.insecure},
	}}
	if !c.follow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return client
}

// show prints the answer and returns the size of its body.
func (c *curl) show(request *http.Request, response *http.Response) (int64, error) {
	if c.verbose {
		fmt.Fprintf(c.Stderr, "> %s %s\n", request.Method, request.URL.RequestURI())
		headers(c.Stderr, "> ", "", request.Header)
		headers(c.Stderr, "< ", response.Proto+" "+response.Status, response.Header)
	}
	if c.include || c.head {
		headers(c.Stdout, "", response.Proto+" "+response.Status, response.Header)
	}
	if c.fail && response.StatusCode >= 400 {
		if !c.silent || c.showError {
			c.Errorf("the answer was %s", response.Status)
		}
		return 0, applet.Exit(22)
	}
	if c.remoteName {
		c.output = path.Base(request.URL.Path)
	}
	out := c.Stdout
	if c.output != "" && c.output != "-" {
		file, err := os.Create(c.output)
		if err != nil {
			return 0, err
		}
		defer file.Close()
		out = file
	}
	return io.Copy(out, response.Body)
}

func headers(w io.Writer, prefix, first string, header http.Header) {
	if first != "" {
		fmt.Fprintf(w, "%s%s\r\n", prefix, first)
	}
	_ = header.Write(prefixed{w, prefix}) // the body's write reports the same error
	fmt.Fprintf(w, "%s\r\n", prefix)
}

// prefixed writes each line behind a prefix; http.Header writes line by line.
type prefixed struct {
	w      io.Writer
	prefix string
}

func (p prefixed) Write(line []byte) (int, error) {
	if _, err := io.WriteString(p.w, p.prefix); err != nil {
		return 0, err
	}
	return p.w.Write(line)
}

// failed reports an error and gives it curl's exit code.
func (c *curl) failed(err error) error {
	if exit := applet.Exit(0); errors.As(err, &exit) {
		return err
	}
	if !c.silent || c.showError {
		c.Errorf("%v", err)
	}
	codes := map[string]applet.Exit{
		neterr.DNS: 6, neterr.Refused: 7, neterr.Unreachable: 7, neterr.Timeout: 28, neterr.TLS: 35, neterr.Reset: 52,
	}
	if code, ok := codes[neterr.Kind(err)]; ok {
		return code
	}
	return applet.Exit(1)
}

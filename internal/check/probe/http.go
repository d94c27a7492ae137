package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/neterr"
	"labctl.dev/labctl/internal/labapp/request"
)

// httpProbe sends requests: from the helper pod, from a helper container in a
// network of Docker's, or, in a lab without a cluster, from here.
type httpProbe struct {
	env  *Env
	spec lab.HTTPProbe
}

// Look sends the requests and waits for all answers.
func (h *httpProbe) Look(ctx context.Context) (Observation, error) {
	timeout := h.spec.Timeout.Or(5 * time.Second)
	count := max(h.spec.Count, 1)
	ctx, cancel := context.WithTimeout(ctx, time.Duration(count)*timeout+30*time.Second)
	defer cancel()
	url, from, err := h.url(ctx)
	var none *NoAddressError
	if errors.As(err, &none) {
		return h.unreachable(none), nil
	}
	if err != nil {
		return Observation{}, err
	}
	out, err := h.send(ctx, from, h.argv(url, count, timeout))
	if from.ID != "" && container.Gone(err) {
		return h.unreachable(&NoAddressError{"the network " + from.Name + " is gone"}), nil
	}
	if err != nil {
		return Observation{}, err
	}
	var responses []request.Response
	if err := json.Unmarshal(out, &responses); err != nil {
		return Observation{}, fmt.Errorf("read what the checker's helper got: %w", err)
	}
	if len(responses) != count {
		return Observation{}, fmt.Errorf("the checker's helper sent %d requests instead of %d", len(responses), count)
	}
	return h.observe(responses), nil
}

// changes says that a request may change something where it goes, so that it
// must not be repeated without being asked for.
func (h *httpProbe) changes() bool {
	return !slices.Contains([]string{"", "GET", "HEAD", "OPTIONS"}, strings.ToUpper(h.spec.Method))
}

// send runs the http applet where the requests are to come from.
func (h *httpProbe) send(ctx context.Context, from container.Place, argv []string) ([]byte, error) {
	switch {
	case from.ID != "" && h.changes():
		return h.env.Inside.Once(ctx, from, argv...)
	case from.ID != "":
		return h.env.Inside.Output(ctx, from, argv...)
	case h.env.Client == nil:
		return here(ctx, argv)
	case h.changes():
		return h.env.Prober.Once(ctx, argv...)
	}
	return h.env.Prober.Output(ctx, argv...)
}

// here runs the http applet in this process.
func here(ctx context.Context, argv []string) ([]byte, error) {
	var out bytes.Buffer
	err := request.Run(ctx, &applet.Process{Name: argv[0], Args: argv[1:], Stdin: strings.NewReader(""), Stdout: &out, Stderr: io.Discard})
	return out.Bytes(), err
}

// url returns what to ask, and the network of Docker's to ask from, if any.
func (h *httpProbe) url(ctx context.Context) (url string, from container.Place, err error) {
	switch {
	case h.spec.Container != "":
		return h.ofContainer(ctx)
	case h.spec.URL != "" && h.env.Client == nil:
		from, err = h.from(ctx)
		return strings.TrimSuffix(h.spec.URL, "/") + h.spec.Path, from, err
	case h.spec.URL != "":
		url, err = fillNode(ctx, h.env, h.spec.URL)
		return strings.TrimSuffix(url, "/") + h.spec.Path, from, err
	}
	url, err = Address(ctx, h.env, h.spec.Service, h.spec.Port, h.spec.Path)
	return url, from, err
}

// ofContainer addresses a container in the first network that it is in.
func (h *httpProbe) ofContainer(ctx context.Context) (url string, from container.Place, err error) {
	id, seen, err := h.env.running(ctx, h.spec.Container)
	if err != nil {
		return "", from, err
	}
	if id == "" {
		return "", from, &NoAddressError{seen.Missing}
	}
	from, address, err := h.env.Docker.Address(ctx, id)
	if container.Gone(err) {
		return "", from, &NoAddressError{"the " + container.Spoken(h.spec.Container) + " is gone"}
	}
	if err != nil {
		return "", from, err
	}
	if address == "" {
		return "", from, &NoAddressError{"the " + container.Spoken(h.spec.Container) + " is in no network"}
	}
	return "http://" + net.JoinHostPort(address, h.spec.Port) + "/" + strings.TrimPrefix(h.spec.Path, "/"), from, nil
}

// from is the network that the lab names; empty if it names none.
func (h *httpProbe) from(ctx context.Context) (container.Place, error) {
	if h.spec.From == "" {
		return container.Place{}, nil
	}
	id, err := h.env.Docker.NetworkID(ctx, h.spec.From)
	if err != nil {
		return container.Place{}, fmt.Errorf("look for the network %s: %w", h.spec.From, err)
	}
	if id == "" {
		return container.Place{}, &NoAddressError{"there is no network " + h.spec.From}
	}
	return container.Place{Name: h.spec.From, ID: id}, nil
}

func (h *httpProbe) argv(url string, count int, timeout time.Duration) []string {
	argv := []string{"http", "--count", strconv.Itoa(count), "--timeout", timeout.String()}
	if h.spec.Method != "" {
		argv = append(argv, "--method", h.spec.Method)
	}
	for _, name := range slices.Sorted(maps.Keys(h.spec.Headers)) {
		if strings.EqualFold(name, "Host") {
			argv = append(argv, "--host", h.spec.Headers[name])
			continue
		}
		argv = append(argv, "--header", name+": "+h.spec.Headers[name])
	}
	if h.spec.Body != "" {
		argv = append(argv, "--body", h.spec.Body)
	}
	return append(argv, url)
}

func (h *httpProbe) about(found bool) About {
	if h.spec.Container != "" || h.env.Client == nil {
		a := aboutDocker(container.Container, h.spec.Container)
		a.Found = found
		return a
	}
	if h.spec.Service == "" {
		return About{Subject: progress.Subject{Kind: "Pod"}, Namespace: h.env.Namespace}
	}
	name, namespace := splitService(h.spec.Service, h.env.Namespace)
	return About{Subject: progress.Subject{Kind: "Service", Name: name, Found: found}, Namespace: namespace}
}

func (h *httpProbe) unreachable(why *NoAddressError) Observation {
	return Observation{
		Missing: why.Reason, Summary: why.Reason, About: h.about(false),
	}
}

func (h *httpProbe) observe(responses []request.Response) Observation {
	o := Observation{Self: result(responses), Found: true, About: h.about(true)}
	seen := map[string]int{}
	for _, r := range responses {
		// Whether anybody listens is the cluster's doing; what is answered, and
		// how fast, is the program's.
		o.Behaviour = o.Behaviour || r.Status > 0 || r.ErrorKind == neterr.Timeout
		if r.ErrorKind != "" {
			seen[r.ErrorKind]++
		} else {
			seen[strconv.Itoa(r.Status)]++
		}
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(seen)) {
		parts = append(parts, fmt.Sprintf("%d × %s", seen[k], k))
	}
	o.Summary = strings.Join(parts, ", ")
	return o
}

// result is self of the http probe. On requests that failed, status is 0 and
// headers is empty, so that expressions over all responses do not break.
func result(responses []request.Response) map[string]any {
	self := map[string]any{"status": int64(0), "headers": map[string]any{}, "body": "", "json": nil, "error": "", "errorKind": ""}
	list, failed := []any{}, 0
	for _, r := range responses {
		headers := map[string]any{}
		for name, value := range r.Headers {
			headers[strings.ToLower(name)] = value
		}
		one := map[string]any{
			"status": int64(r.Status), "headers": headers, "body": r.Body, "json": jsonOf(r.Body),
			"ms": r.MS, "error": r.Error, "errorKind": r.ErrorKind,
		}
		list = append(list, one)
		if r.ErrorKind != "" {
			failed++
		}
		maps.Copy(self, one)
	}
	// The last error is the one to tell, also when the last request went well.
	for _, r := range responses {
		if r.Error != "" {
			self["error"], self["errorKind"] = r.Error, r.ErrorKind
		}
	}
	self["responses"], self["failed"], self["ok"] = list, int64(failed), int64(len(responses)-failed)
	return self
}

// jsonOf decodes a text that is a JSON object or list; nil if it is not.
func jsonOf(text string) any {
	if t := strings.TrimSpace(text); !strings.HasPrefix(t, "{") && !strings.HasPrefix(t, "[") {
		return nil
	}
	v, err := expr.FromJSON([]byte(text))
	if err != nil {
		return nil
	}
	return v
}

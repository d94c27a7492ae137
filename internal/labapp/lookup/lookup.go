// Package lookup is the dns applet, which prints lookups as JSON, and
// nslookup, which prints them for people.
package lookup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Kinds of failure.
const (
	NotFound = "notfound" // the server says there is no such name or record
	TimedOut = "timeout"  // no server answered
	Failed   = "servfail" // a server answered that it cannot
	Refused  = "refused"  // nobody listens where the server should be
	Other    = "other"
)

// Result is one element of the JSON array the dns applet prints.
type Result struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Answers   []string `json:"answers"` // sorted; SRV as "priority weight port target"
	MS        float64  `json:"ms"`
	Error     string   `json:"error,omitempty"`
	ErrorKind string   `json:"errorKind,omitempty"`
}

// query is how to look up.
type query struct {
	kind, server string
	timeout      time.Duration
}

func (q *query) options(set *opt.Set) {
	set.String(&q.kind, 't', "type", "A, AAAA, ANY (both), SRV, CNAME, TXT or PTR")
	set.String(&q.server, 's', "server", "ask this server (ADDRESS[:PORT]) instead of those of /etc/resolv.conf")
	set.Duration(&q.timeout, 0, "timeout", "for one lookup, all its attempts together")
}

// Run prints a JSON array with one result per name.
func Run(ctx context.Context, p *applet.Process) error {
	q := &query{kind: "A", timeout: 5 * time.Second}
	set := opt.New("[-t TYPE] [-s SERVER] NAME...", "Look up names and print a JSON array of {name, type, answers, ms, error, errorKind}.")
	q.options(set)
	set.Notes = "errorKind: notfound, timeout, servfail, refused, other. The search list of /etc/resolv.conf applies."
	names, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return applet.Usagef("missing NAME")
	}
	results := []Result{}
	for _, name := range names {
		results = append(results, q.look(ctx, name))
	}
	return json.NewEncoder(p.Stdout).Encode(results)
}

// Nslookup prints lookups for people; a failure is exit code 1.
func Nslookup(ctx context.Context, p *applet.Process) error {
	q := &query{kind: "ANY", timeout: 5 * time.Second}
	set := opt.New("[-t TYPE] NAME [SERVER]", "Look up a name.")
	q.options(set)
	operands, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(operands) == 0 || len(operands) > 2 {
		return applet.Usagef("want NAME [SERVER]")
	}
	if len(operands) == 2 {
		q.server = operands[1]
	}
	if net.ParseIP(operands[0]) != nil {
		q.kind = "PTR"
	}
	r := q.look(ctx, operands[0])
	if r.Error != "" {
		return fmt.Errorf("%s: %s (%s)", r.Name, r.ErrorKind, r.Error)
	}
	fmt.Fprintf(p.Stdout, "Name:\t%s\n", r.Name)
	for _, answer := range r.Answers {
		fmt.Fprintf(p.Stdout, "%s:\t%s\n", label(q.kind), answer)
	}
	return nil
}

func label(kind string) string {
	if kind == "ANY" || kind == "A" || kind == "AAAA" {
		return "Address"
	}
	return kind
}

func (q *query) look(ctx context.Context, name string) Result {
	ctx, cancel := context.WithTimeout(ctx, q.timeout)
	defer cancel()
	begun := time.Now()
	answers, err := q.ask(ctx, q.resolver(), name)
	r := Result{Name: name, Type: strings.ToUpper(q.kind), Answers: answers, MS: float64(time.Since(begun).Microseconds()) / 1000}
	if err != nil {
		r.Error, r.ErrorKind = err.Error(), classify(err)
	}
	if r.Answers == nil {
		r.Answers = []string{}
	}
	slices.Sort(r.Answers)
	return r
}

func (q *query) resolver() *net.Resolver {
	if q.server == "" {
		return &net.Resolver{PreferGo: true}
	}
	address := q.server
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "53")
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}}
}

func (q *query) ask(ctx context.Context, r *net.Resolver, name string) ([]string, error) {
	switch strings.ToUpper(q.kind) {
	case "A":
		return addresses(r.LookupIP(ctx, "ip4", name))
	case "AAAA":
		return addresses(r.LookupIP(ctx, "ip6", name))
	case "ANY":
		return addresses(r.LookupIP(ctx, "ip", name))
	case "CNAME":
		target, err := r.LookupCNAME(ctx, name)
		if err != nil {
			return nil, err
		}
		return []string{target}, nil
	case "TXT":
		return r.LookupTXT(ctx, name)
	case "PTR":
		return r.LookupAddr(ctx, name)
	case "SRV":
		_, records, err := r.LookupSRV(ctx, "", "", name)
		var out []string
		for _, s := range records {
			out = append(out, fmt.Sprintf("%d %d %d %s", s.Priority, s.Weight, s.Port, s.Target))
		}
		return out, err
	}
	return nil, fmt.Errorf("type %q is not known: want A, AAAA, ANY, SRV, CNAME, TXT or PTR", q.kind)
}

func addresses(ips []net.IP, err error) ([]string, error) {
	var out []string
	for _, ip := range ips {
		out = append(out, ip.String())
	}
	return out, err
}

func classify(err error) string {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return Other
	case dns.IsNotFound:
		return NotFound
	case strings.Contains(dns.Err, "connection refused"):
		return Refused
	case dns.IsTimeout:
		return TimedOut
	case strings.Contains(dns.Err, "server misbehaving"), dns.IsTemporary:
		return Failed
	}
	return Other
}

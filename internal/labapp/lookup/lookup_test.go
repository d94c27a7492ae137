package lookup

import (
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"labctl.dev/labctl/internal/labapp/applettest"
)

// server answers from a small zone; what it does not know is NXDOMAIN, and
// names below fail.test are SERVFAIL.
func server(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := answer(buf[:n]); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

func answer(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil {
		return nil
	}
	q := m.Questions[0]
	name := q.Name.String()
	reply := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true}, Questions: m.Questions}
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 5}
	switch {
	case strings.HasSuffix(name, "fail.test."):
		reply.RCode = dnsmessage.RCodeServerFailure
	case strings.HasSuffix(name, "silent.test."):
		return nil
	case name == "web.test." && q.Type == dnsmessage.TypeA:
		for _, last := range []byte{2, 1} {
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: [4]byte{10, 0, 0, last}}})
		}
	case name == "web.test.":
	case name == "_http._tcp.web.test." && q.Type == dnsmessage.TypeSRV:
		reply.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.SRVResource{Priority: 1, Weight: 2, Port: 80, Target: dnsmessage.MustNewName("a.web.test.")}}}
	default:
		reply.RCode = dnsmessage.RCodeNameError
	}
	packed, err := reply.Pack()
	if err != nil {
		return nil
	}
	return packed
}

func TestLookups(t *testing.T) {
	server := server(t)
	for _, test := range []struct {
		args    string
		answers []string
		kind    string
	}{
		{"web.test.", []string{"10.0.0.1", "10.0.0.2"}, ""},
		{"-t any web.test.", []string{"10.0.0.1", "10.0.0.2"}, ""},
		{"-t AAAA web.test.", nil, NotFound},
		{"-t SRV _http._tcp.web.test.", []string{"1 2 80 a.web.test."}, ""},
		{"nothing.test.", nil, NotFound},
		{"x.fail.test.", nil, Failed},
		{"--timeout 200ms x.silent.test.", nil, TimedOut},
		{"-t MX web.test.", nil, Other},
	} {
		got := applettest.Run(t, Run, "dns", "", append([]string{"-s", server}, strings.Fields(test.args)...)...)
		var results []Result
		if err := json.Unmarshal([]byte(got.Stdout), &results); err != nil || got.Code != 0 {
			t.Fatalf("%s: code %d, %v in %q", test.args, got.Code, err, got.Stdout)
		}
		if r := results[0]; !slices.Equal(r.Answers, test.answers) || r.ErrorKind != test.kind {
			t.Errorf("%s: %+v, want %v, %q", test.args, r, test.answers, test.kind)
		}
	}
}

func TestNslookup(t *testing.T) {
	server := server(t)
	got := applettest.Run(t, Nslookup, "nslookup", "", "web.test.", server)
	if got.Code != 0 || got.Stdout != "Name:\tweb.test.\nAddress:\t10.0.0.1\nAddress:\t10.0.0.2\n" {
		t.Errorf("nslookup = %+v", got)
	}
	if got := applettest.Run(t, Nslookup, "nslookup", "", "nothing.test.", server); got.Code != 1 || !strings.Contains(got.Stderr, "notfound") {
		t.Errorf("nslookup of nothing = %+v", got)
	}
}

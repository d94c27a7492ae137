//go:build e2e

package proxy

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"
)

// stays asks n times and returns who answered, who must always be the same.
func (w *world) stays(client place, n int, to string) string {
	w.t.Helper()
	first := ""
	for range n {
		name, _, err := client.ask("tcp4", to)
		w.must(err)
		if first == "" {
			first = name
		}
		if name != first {
			w.t.Fatalf("%s moved from %s to %s", client.name, first, name)
		}
	}
	return first
}

func TestAffinity(t *testing.T) {
	w := newWorld(t)
	var clients []place
	for i := range 8 {
		clients = append(clients, w.pod(fmt.Sprintf("client%d", i), 20+i))
	}
	addrs := []string{"10.244.1.6", "10.244.1.7", "10.244.2.5"}
	w.serve(w.pod("a", 6), 8080)
	w.serve(w.pod("b", 7), 8080)
	w.serve(w.remotePod("far", 5), 8080)
	svc := service("web", "10.96.1.1", withAffinity(600), withNodePort(30080))
	a := w.start(svc, slice("web", readyAt(addrs...)...))

	was := map[string]string{}
	used := map[string]bool{}
	for _, c := range clients {
		was[c.name] = w.stays(c, 10, vip)
		used[was[c.name]] = true
	}
	if len(used) < 2 {
		t.Errorf("all clients went to the same endpoint: %v", was)
	}
	unmoved := func(after string, except string) {
		t.Helper()
		for _, c := range clients {
			if is := w.stays(c, 3, vip); was[c.name] != except && is != was[c.name] {
				t.Errorf("%s: %s moved from %s to %s", after, c.name, was[c.name], is)
			} else if is == except {
				t.Errorf("%s: %s is still at %s", after, c.name, is)
			}
		}
	}
	a.change(service("other", "10.96.1.2"), slice("other", readyAt("10.244.1.6")...))
	unmoved("after another Service came", "")
	a.change(slice("web", readyAt(append(addrs, "10.244.1.8")...)...))
	w.serve(w.pod("c", 8), 8080)
	unmoved("after an endpoint came", "")
	a.change(slice("web", readyAt("10.244.1.6", "10.244.1.7", "10.244.1.8")...))
	unmoved("after an endpoint went", "far")

	for _, c := range clients { // who was at far has a new place
		was[c.name] = w.stays(c, 1, vip)
	}
	a.drain()
	foreign(w)
	a.waitSync()
	unmoved("after the table was written anew", "")
	w.stays(w.outside, 10, "10.98.0.11:30080")
}

func TestAffinityEnds(t *testing.T) {
	w := newWorld(t)
	client := w.pod("client", 5)
	w.serve(w.pod("a", 6), 8080)
	w.serve(w.pod("b", 7), 8080)
	w.start(service("web", "10.96.1.1", withAffinity(1)), slice("web", readyAt("10.244.1.6", "10.244.1.7")...))
	first := w.stays(client, 10, vip)
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		<-time.After(1100 * time.Millisecond)
		name, _, err := client.ask("tcp4", vip)
		w.must(err)
		if name != first {
			return
		}
	}
	t.Errorf("the client stayed at %s, though it paused longer than the timeout each time", first)
}

// foreign makes a commit that has nothing to do with the proxy's table.
func foreign(w *world) {
	w.t.Helper()
	c, err := nftables.New()
	w.must(err)
	tab := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: "foreign"}
	c.AddTable(tab)
	c.DelTable(tab)
	w.must(c.Flush())
}

func (a *api) waitSync() {
	a.t.Helper()
	select {
	case <-a.synced:
	case <-time.After(5 * time.Second):
		a.t.Fatal("no sync")
	}
}

func TestTamperedTableIsRepaired(t *testing.T) {
	w := newWorld(t)
	client := w.pod("client", 5)
	w.serve(w.pod("a", 6), 8080)
	a := w.start(service("web", "10.96.1.1"), slice("web", readyAt("10.244.1.6")...))
	ours := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: tableName}
	for name, tamper := range map[string]func(*nftables.Conn){
		"the table deleted":     func(c *nftables.Conn) { c.DelTable(ours) },
		"the ruleset flushed":   func(c *nftables.Conn) { c.FlushRuleset() },
		"a chain's rules gone":  func(c *nftables.Conn) { c.FlushChain(&nftables.Chain{Table: ours, Name: chainServices}) },
		"an unknown table made": func(c *nftables.Conn) { c.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "x"}) },
	} {
		w.expect("tcp4", expect{client, vip, "a", "10.244.1.5"})
		a.drain()
		c, err := nftables.New()
		w.must(err)
		tamper(c)
		w.must(c.Flush())
		start := time.Now()
		a.waitSync()
		t.Logf("%s: repaired after %v", name, time.Since(start).Round(time.Millisecond))
		w.expect("tcp4", expect{client, vip, "a", "10.244.1.5"})
	}
}

// A restart of the process interrupts nobody and forgets nobody.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	client := w.pod("client", 5)
	for i, name := range []string{"a", "b", "c", "d"} {
		w.serve(w.pod(name, 6+i), 8080)
	}
	svc := service("web", "10.96.1.1", withAffinity(600))
	eps := slice("web", readyAt("10.244.1.6", "10.244.1.7", "10.244.1.8", "10.244.1.9")...)
	first := w.startWith(func(o *Options) { o.RemoveOnExit = false }, svc, eps)
	was := w.stays(client, 5, vip)
	open, err := client.dial("tcp4", vip)
	w.must(err)
	defer open.Close()
	first.stop()
	if is := w.stays(client, 5, vip); is != was {
		t.Errorf("the client moved from %s to %s when the proxy stopped", was, is)
	}
	w.start(svc, eps)
	if is := w.stays(client, 5, vip); is != was {
		t.Errorf("the client moved from %s to %s when the proxy started again", was, is)
	}
	if _, _, err := ask(open); err != nil {
		t.Errorf("an open connection broke: %v", err)
	}
}

func TestRemovedOnExit(t *testing.T) {
	w := newWorld(t)
	w.start(service("web", "10.96.1.1")).stop()
	c, err := nftables.New()
	w.must(err)
	tables, err := c.ListTables()
	w.must(err)
	for _, tab := range tables {
		if tab.Name == tableName {
			t.Error("the table is still there")
		}
	}
}

// A UDP client that never pauses must follow its Service all the same.
func TestUDPFollowsEndpoints(t *testing.T) {
	w := newWorld(t)
	client := w.pod("client", 5)
	w.serve(w.pod("a", 6), 8080)
	w.serve(w.pod("b", 7), 8080)
	svc := service("web", "10.96.1.1", withUDP)
	a := w.start(svc, slice("web", readyAt("10.244.1.6")...))
	c, err := client.dial("udp4", vip)
	w.must(err)
	defer c.Close()
	until := func(want string, what func(name string, err error) bool) {
		t.Helper()
		var name string
		var err error
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
			if name, _, err = ask(c); what(name, err) {
				return
			}
		}
		t.Fatalf("%q answered, error %v; want %s", name, err, want)
	}
	answeredBy := func(want string) {
		t.Helper()
		until(want, func(name string, err error) bool { return err == nil && name == want })
	}
	refused := func(_ string, err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

	answeredBy("a")
	a.change(slice("web", at("10.244.1.6", terminatingServing), at("10.244.1.7", ready)))
	if name, _, err := ask(c); err != nil || name != "a" { // may end there in peace
		t.Errorf("%q answered, error %v; want the flow to stay with a, which still serves", name, err)
	}
	a.change(slice("web", at("10.244.1.6", terminatingDead), at("10.244.1.7", ready)))
	answeredBy("b")
	a.change(slice("web"))
	until("refusal without endpoints", refused)
	a.change(slice("web", readyAt("10.244.1.6")...))
	answeredBy("a")
	a.deleteService("web")
	until("refusal without the Service", refused)
}

func TestRemovedServiceIsRefused(t *testing.T) {
	w := newWorld(t)
	client := w.pod("client", 5)
	w.serve(w.pod("a", 6), 8080)
	a := w.start(service("web", "10.96.1.1", withAffinity(60), withNodePort(30080)), slice("web", readyAt("10.244.1.6")...))
	w.expect("tcp4", expect{client, vip, "a", "10.244.1.5"})
	a.deleteService("web")
	if _, _, err := client.ask("tcp4", vip); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v, want connection refused", err)
	}
	if _, _, err := client.ask("tcp4", "10.98.0.11:30080"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v, want connection refused", err)
	}
}

package proxy

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// publishPorts sees to it that what is published can be reached. Around the engine,
// TCP is forwarded from one port of the host's loopback each, whichever of its
// addresses the learner names; other addresses are not the engine's to publish on. A
// port is chosen here if the learner does not: the engine knows only what is free in
// its own network.
func publishPorts(ctx context.Context, host object) error {
	var chosen []net.Listener
	defer func() {
		for _, l := range chosen {
			l.Close()
		}
	}()
	for inside, bindings := range host.object("PortBindings") {
		list, _ := bindings.([]any)
		if _, protocol, _ := strings.Cut(inside, "/"); len(list) > 0 && protocol != "" && !strings.EqualFold(protocol, "tcp") {
			return invalid("labctl: publishes ports of TCP only, and " + inside + " is none; containers on one network reach each other by " + protocol + " without publishing it")
		}
		for _, b := range list {
			binding, _ := b.(map[string]any)
			if binding == nil {
				return invalid("labctl: the request's PortBindings are no objects")
			}
			l, err := publishPort(ctx, binding)
			if err != nil {
				return err
			}
			if l != nil {
				chosen = append(chosen, l)
			}
		}
	}
	return nil
}

// publishPort returns what holds the port it chose, if it did.
func publishPort(ctx context.Context, binding map[string]any) (net.Listener, error) {
	var port, address string
	maps.DeleteFunc(binding, func(key string, value any) bool {
		switch {
		case strings.EqualFold(key, "HostPort"):
			port, _ = value.(string)
		case strings.EqualFold(key, "HostIp"):
			address, _ = value.(string)
		default:
			return false
		}
		return true
	})
	binding["HostPort"] = port
	switch ip, err := netip.ParseAddr(address); {
	case address == "", err == nil && ip == netip.IPv6Unspecified():
	case err == nil && (ip == netip.IPv4Unspecified() || ip == loopback()):
		binding["HostIp"] = address
	default:
		return nil, invalid("labctl: publishes ports on this machine's address 127.0.0.1, not on " + address + "; leave the address out, as in -p 8000:80")
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, invalid("labctl: publishes a single port of the host, as in -p 8000:80; " + port + " is none")
		}
		if n != 0 {
			return nil, nil
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("labctl: choose a port of the host: %w", err)
	}
	binding["HostPort"] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	return l, nil
}

// loopback is the one address of the host that ports are forwarded from.
func loopback() netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }

func invalid(message string) error { return &Refusal{Status: http.StatusBadRequest, Message: message} }

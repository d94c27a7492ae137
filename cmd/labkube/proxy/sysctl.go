package proxy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	sysctlForward = "net/ipv4/ip_forward"
	// sysctlLocalnet lets replies to 127.0.0.1 in from pods, for node ports there.
	sysctlLocalnet = "net/ipv4/conf/all/route_localnet"
	// sysctlBridge shows netfilter what crosses a bridge. It exists only where
	// the kernel has br_netfilter.
	sysctlBridge = "net/bridge/bridge-nf-call-iptables"
)

// prepareKernel turns on what the rules rely on. It says whether netfilter sees
// bridged packets.
func prepareKernel() (bridged bool, err error) {
	for _, name := range []string{sysctlForward, sysctlLocalnet} {
		if err := turnOn(name); err != nil {
			return false, err
		}
	}
	err = turnOn(sysctlBridge)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// turnOn writes only where it must: /proc/sys may be read-only and right.
func turnOn(name string) error {
	path := filepath.Join("/proc/sys", name)
	now, err := os.ReadFile(path)
	if err == nil && strings.TrimSpace(string(now)) == "1" {
		return nil
	}
	if err == nil {
		err = os.WriteFile(path, []byte("1"), 0)
	}
	if err != nil {
		return fmt.Errorf("set the kernel parameter %s to 1: %w", strings.ReplaceAll(name, "/", "."), err)
	}
	return nil
}

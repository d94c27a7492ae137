package layout

import (
	"net/netip"
	"testing"
)

func TestNode(t *testing.T) {
	node := Node{Name: "lab-worker", Index: 2, IP: netip.MustParseAddr("10.98.0.12"), DataDir: "/node"}
	if got := node.PodCIDR().String(); got != "10.244.2.0/24" {
		t.Errorf("pod network %s", got)
	}
	if got := node.Data("etcd", "member"); got != "/node/etcd/member" {
		t.Errorf("data path %s", got)
	}
	if got := node.PKIDir(); got != "/node/pki" {
		t.Errorf("pki directory %s", got)
	}
}

func TestAddressesAgree(t *testing.T) {
	services := netip.MustParsePrefix(ServiceCIDR)
	for _, ip := range []string{ServiceIP, DNSIP} {
		if !services.Contains(netip.MustParseAddr(ip)) {
			t.Errorf("%s is not a Service address", ip)
		}
	}
	if ServerURL() != "https://"+ServerIP+":6443" {
		t.Errorf("server URL %s", ServerURL())
	}
}

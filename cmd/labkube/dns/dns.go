// Package dns answers the cluster's names: CoreDNS, in this process instead of
// in pods, listening on the server's own address behind Service kube-dns.
package dns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/plugin/bind" // plugins named in the Corefile
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	"github.com/miekg/dns"
	"k8s.io/klog/v2"

	"labctl.dev/labctl/cmd/labkube/layout"
)

const port = "53"

// corefile is kubeadm's, less what only operators use. Answers are cached so
// briefly that a learner never looks at a stale one.
const corefile = `.:%[1]s {
    bind %[2]s
    errors
    kubernetes %[3]s in-addr.arpa ip6.arpa {
        kubeconfig %[4]s
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }
    forward . %[5]s
    cache {
        success 1000 5
        denial 1000 1
    }
    loadbalance
}
`

// Options say where to listen and whom to ask.
type Options struct {
	IP         netip.Addr
	Kubeconfig string
}

// Run answers until ctx ends.
func Run(ctx context.Context, o Options) error {
	if err := dnsserver.Register(); err != nil {
		return err
	}
	caddy.Quiet, dnsserver.Quiet = true, true
	logger := klog.Background()
	instance, err := caddy.Start(caddy.CaddyfileInput{
		ServerTypeName: "dns",
		Filepath:       "Corefile",
		Contents:       fmt.Appendf(nil, corefile, port, o.IP, layout.ClusterDomain, o.Kubeconfig, layout.ResolvConf),
	})
	if err != nil {
		return fmt.Errorf("start CoreDNS: %w", err)
	}
	// CoreDNS makes itself the logger of all Kubernetes code in the process.
	klog.SetLoggerWithOptions(logger, klog.ContextualLogger(true))
	<-ctx.Done()
	return instance.Stop()
}

// Check asks for the name that every cluster has.
func Check(ctx context.Context, ip netip.Addr) error {
	name := "kubernetes.default.svc." + layout.ClusterDomain + "."
	query := new(dns.Msg).SetQuestion(name, dns.TypeA)
	answer, err := dns.ExchangeContext(ctx, query, net.JoinHostPort(ip.String(), port))
	if err != nil {
		return err
	}
	if answer.Rcode != dns.RcodeSuccess || len(answer.Answer) == 0 {
		return fmt.Errorf("%s: %s", strings.TrimSuffix(name, "."), dns.RcodeToString[answer.Rcode])
	}
	return nil
}

package server

import (
	"net"
	"os"

	"labctl.dev/labctl/cmd/labkube/layout"
	"labctl.dev/labctl/cmd/labkube/pki"
)

// credentials are the certificates and keys of the control plane.
type credentials struct {
	ca, frontProxyCA           *pki.CA
	serving                    pki.Pair // of the API server
	kubeletClient, proxyClient pki.Pair // with which the API server calls others
	saKey, saPub               string   // sign and verify service account tokens
	componentKubeconfig        string   // of controller manager, scheduler and our own controllers
	adminKubeconfig            string
}

// makeCredentials keeps what lasts in node.PKIDir and the rest in node.Run.
// hostURL is where the API server is reached from the host.
func makeCredentials(node layout.Node, hostURL string) (*credentials, error) {
	dir := node.PKIDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	c := &credentials{
		componentKubeconfig: node.Run("pki", "component.kubeconfig"),
		adminKubeconfig:     node.Data("pki", "admin.kubeconfig"),
	}
	var err error
	if c.ca, err = pki.EnsureCA(dir, "ca"); err != nil {
		return nil, err
	}
	if c.frontProxyCA, err = pki.EnsureCA(dir, "front-proxy-ca"); err != nil {
		return nil, err
	}
	if c.saKey, c.saPub, err = pki.EnsureKeyPair(dir, "sa"); err != nil {
		return nil, err
	}
	if err := c.issue(node); err != nil {
		return nil, err
	}
	return c, c.writeKubeconfigs(node, hostURL)
}

func (c *credentials) issue(node layout.Node) error {
	issues := []struct {
		pair    *pki.Pair
		ca      *pki.CA
		name    string
		request pki.Request
	}{
		{&c.serving, c.ca, "apiserver", pki.Request{
			User: "kube-apiserver",
			DNSNames: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
				"kubernetes.default.svc." + layout.ClusterDomain, node.Name},
			IPs: []net.IP{net.IPv4(127, 0, 0, 1), node.IP.AsSlice(), net.ParseIP(layout.ServiceIP)},
		}},
		{&c.kubeletClient, c.ca, "apiserver-kubelet-client", pki.Request{User: "kube-apiserver-kubelet-client", Groups: []string{"system:masters"}}},
		{&c.proxyClient, c.frontProxyCA, "front-proxy-client", pki.Request{User: "front-proxy-client"}},
	}
	for _, i := range issues {
		pair, err := i.ca.Issue(node.Run("pki", i.name), i.request)
		if err != nil {
			return err
		}
		*i.pair = pair
	}
	return nil
}

func (c *credentials) writeKubeconfigs(node layout.Node, hostURL string) error {
	// Components are masters so that none waits for RBAC's default roles.
	for _, k := range []struct{ path, server, user string }{
		{c.componentKubeconfig, layout.LocalURL(), "system:labkube"},
		{c.adminKubeconfig, hostURL, "labctl"},
		{node.Data("pki", "learner.kubeconfig"), hostURL, "learner"},
	} {
		err := c.ca.WriteKubeconfig(k.path, k.server, pki.Request{User: k.user, Groups: []string{"system:masters"}})
		if err != nil {
			return err
		}
	}
	return nil
}

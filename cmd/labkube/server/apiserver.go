package server

import (
	"context"
	"net"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"

	"labctl.dev/labctl/cmd/labkube/layout"
)

// runAPIServer serves the API on listener until ctx ends.
func runAPIServer(ctx context.Context, node layout.Node, c *credentials, etcdEndpoint string, listener net.Listener) error {
	o := options.NewServerRunOptions()
	if err := setFlags("kube-apiserver", o.Flags(), apiServerFlags(node, c, etcdEndpoint)); err != nil {
		return err
	}
	o.SecureServing.Listener = listener
	if err := o.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	completed, err := o.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return utilerrors.NewAggregate(errs)
	}
	return app.Run(ctx, completed)
}

func apiServerFlags(node layout.Node, c *credentials, etcdEndpoint string) map[string]string {
	return map[string]string{
		"etcd-servers":             etcdEndpoint,
		"advertise-address":        node.IP.String(),
		"service-cluster-ip-range": layout.ServiceCIDR,
		"allow-privileged":         "true",

		// Who may do what, as in a cluster made by kubeadm.
		"authorization-mode":                 "Node,RBAC",
		"enable-admission-plugins":           "NodeRestriction",
		"client-ca-file":                     c.ca.CertFile,
		"tls-cert-file":                      c.serving.CertFile,
		"tls-private-key-file":               c.serving.KeyFile,
		"service-account-issuer":             "https://kubernetes.default.svc." + layout.ClusterDomain,
		"service-account-key-file":           c.saPub,
		"service-account-signing-key-file":   c.saKey,
		"requestheader-client-ca-file":       c.frontProxyCA.CertFile,
		"requestheader-allowed-names":        "front-proxy-client",
		"requestheader-username-headers":     "X-Remote-User",
		"requestheader-group-headers":        "X-Remote-Group",
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"proxy-client-cert-file":             c.proxyClient.CertFile,
		"proxy-client-key-file":              c.proxyClient.KeyFile,

		// Kubelets are reached by address: their names are in no DNS.
		"kubelet-preferred-address-types": "InternalIP",
		"kubelet-certificate-authority":   c.ca.CertFile,
		"kubelet-client-certificate":      c.kubeletClient.CertFile,
		"kubelet-client-key":              c.kubeletClient.KeyFile,

		// A lost node's pods move after 10 s, not 300 s: labs are short.
		"default-not-ready-toleration-seconds":   "10",
		"default-unreachable-toleration-seconds": "10",

		// One API server: nobody else's endpoint is to be reconciled.
		"endpoint-reconciler-type": "master-count",
		"profiling":                "false",
		"event-ttl":                "1h",
		"shutdown-delay-duration":  "0s",
	}
}

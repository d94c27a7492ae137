package server

import (
	"context"
	"net"
	"os"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	rbac "k8s.io/kubernetes/pkg/registry/rbac/rest"
	scheduling "k8s.io/kubernetes/pkg/registry/scheduling/rest"

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
	ca, serving, err := staticCertificates(c)
	if err != nil {
		return err
	}
	o.Authentication.ClientCert.CAContentProvider = ca
	completed, err := o.Complete(ctx)
	if err != nil {
		return err
	}
	// Not before Complete, which would replace it by one that it makes itself.
	completed.SecureServing.ServerCert.CertKey = genericoptions.CertKey{}
	completed.SecureServing.ServerCert.GeneratedCert = serving
	if errs := completed.Validate(); len(errs) > 0 {
		return utilerrors.NewAggregate(errs)
	}
	return serveAPI(ctx, completed)
}

// staticCertificates returns certificates whose files are not watched for
// changes: a host has but 128 inotify instances for all environments together.
func staticCertificates(c *credentials) (dynamiccertificates.CAContentProvider, dynamiccertificates.CertKeyContentProvider, error) {
	var contents [3][]byte
	for i, path := range []string{c.ca.CertFile, c.serving.CertFile, c.serving.KeyFile} {
		var err error
		if contents[i], err = os.ReadFile(path); err != nil {
			return nil, nil, err
		}
	}
	ca, err := dynamiccertificates.NewStaticCAContent("client-ca", contents[0])
	if err != nil {
		return nil, nil, err
	}
	serving, err := dynamiccertificates.NewStaticCertKeyContent("serving", contents[1], contents[2])
	return ca, serving, err
}

// serveAPI does what app.Run does, but without two start hooks that wait a
// second before they make default objects: makeDefaults makes them at once.
func serveAPI(ctx context.Context, o options.CompletedOptions) (err error) {
	if o.InformerName, err = cache.NewInformerName("kube-apiserver"); err != nil {
		return err
	}
	config, err := app.NewConfig(o)
	if err != nil {
		return err
	}
	config.KubeAPIs.ControlPlane.Generic.DisabledPostStartHooks.Insert(rbac.PostStartHookName, scheduling.PostStartHookName)
	completed, err := config.Complete()
	if err != nil {
		return err
	}
	chain, err := app.CreateServerChain(completed)
	if err != nil {
		return err
	}
	prepared, err := chain.PrepareRun()
	if err != nil {
		return err
	}
	return prepared.Run(ctx)
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

		// One API server, used by one learner: no leases to share the endpoint of
		// its Service, no fairness between tenants.
		"endpoint-reconciler-type":     "master-count",
		"enable-priority-and-fairness": "false",
		"runtime-config":               "flowcontrol.apiserver.k8s.io/v1=false",
		"profiling":                    "false",
		"event-ttl":                    "1h",
		"shutdown-delay-duration":      "0s",
	}
}

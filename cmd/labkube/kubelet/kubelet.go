// Package kubelet runs the kubelet inside labkube's process.
package kubelet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/volume"

	"labctl.dev/labctl/cmd/labkube/layout"
	"labctl.dev/labctl/cmd/labkube/pki"
)

// Options say where a kubelet belongs.
type Options struct {
	Node   layout.Node
	Server string // URL of the API server
	CA     *pki.CA
}

// Run runs the kubelet until ctx ends. The API server must answer and know the
// Node object, and containerd must serve: kubelet's waits for them are long.
func Run(ctx context.Context, o Options) error {
	if err := prepare(o.Node); err != nil {
		return err
	}
	server, err := newServer(o)
	if err != nil {
		return fmt.Errorf("configure kubelet: %w", err)
	}
	if err := utilfeature.DefaultMutableFeatureGate.SetFromMap(server.FeatureGates); err != nil {
		return fmt.Errorf("configure kubelet: %w", err)
	}
	deps, err := app.UnsecuredDependencies(ctx, server, utilfeature.DefaultFeatureGate)
	if err != nil {
		return err
	}
	deps.DynamicPluginProber = noPlugins{}
	if deps.CAdvisorInterface, err = newStats(ctx, o.Node); err != nil {
		return err
	}
	return app.Run(ctx, server, deps, utilfeature.DefaultFeatureGate)
}

// noPlugins finds no FlexVolume drivers, and spends no inotify instance on it.
type noPlugins struct{}

func (noPlugins) Init() error                         { return nil }
func (noPlugins) Probe() ([]volume.ProbeEvent, error) { return nil, nil }

// Check asks kubelet's own health check.
func Check(ctx context.Context) error {
	url := fmt.Sprintf("http://%s/healthz", net.JoinHostPort("127.0.0.1", healthzPort))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("kubelet answers %s", response.Status)
	}
	return nil
}

// newServer issues kubelet's certificates and assembles its options.
func newServer(o Options) (*options.KubeletServer, error) {
	serving, err := o.CA.Issue(o.Node.Run("pki", "kubelet"), pki.Request{
		User:     "system:node:" + o.Node.Name,
		Groups:   []string{"system:nodes"},
		DNSNames: []string{o.Node.Name, "localhost"},
		IPs:      []net.IP{o.Node.IP.AsSlice(), net.IPv4(127, 0, 0, 1)},
	})
	if err != nil {
		return nil, err
	}
	kubeconfig := o.Node.Run("pki", "kubelet.kubeconfig")
	err = o.CA.WriteKubeconfig(kubeconfig, o.Server, pki.Request{
		User:   "system:node:" + o.Node.Name,
		Groups: []string{"system:nodes"},
	})
	if err != nil {
		return nil, err
	}
	configuration, err := newConfiguration(o, serving)
	if err != nil {
		return nil, err
	}
	flags := options.NewKubeletFlags()
	flags.HostnameOverride = o.Node.Name
	flags.NodeIP = o.Node.IP.String()
	flags.KubeConfig = kubeconfig
	flags.RootDirectory = o.Node.Data("kubelet")
	flags.CertDirectory = o.Node.Run("pki")
	return &options.KubeletServer{KubeletFlags: *flags, KubeletConfiguration: *configuration}, nil
}

// prepare makes what kubelet and its runtime expect to find.
func prepare(node layout.Node) error {
	for _, dir := range []string{node.Data("kubelet"), node.Data("logs"), layout.CNIConfDir} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	removeStaleCgroups()
	return writeCNI(node)
}

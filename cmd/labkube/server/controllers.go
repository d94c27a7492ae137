package server

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app/options"

	"labctl.dev/labctl/cmd/labkube/layout"
)

// controllers are all but these:
//   - what has nothing to do: pod networks are fixed (layout), nothing
//     bootstraps by token, nothing migrates, no SELinux;
//   - what serves features that labs cannot use here, or costs much memory to
//     say little: cluster trust bundles, pod certificates, device taints, and
//     the type-checking remarks in the status of admission policies;
//   - those that load the CSI plugin to attach or expand volumes: the plugin is
//     one per process, and kubelet's, which then would not know its node's name.
const controllers = "*,-node-ipam-controller,-bootstrap-signer-controller,-token-cleaner-controller," +
	"-ttl-controller,-storage-version-migrator-controller,-legacy-serviceaccount-token-cleaner-controller," +
	"-selinux-warning-controller,-kube-apiserver-serving-clustertrustbundle-publisher-controller," +
	"-podcertificaterequest-cleaner-controller,-device-taint-eviction-controller," +
	"-resourcepoolstatusrequest-controller,-validatingadmissionpolicy-status-controller," +
	"-persistentvolume-attach-detach-controller,-persistentvolume-expander-controller"

// runControllerManager runs Kubernetes' controllers until ctx ends. The API
// server must be healthy, else it waits a whole second before it looks again.
func runControllerManager(ctx context.Context, c *credentials) error {
	o, err := options.NewKubeControllerManagerOptions()
	if err != nil {
		return err
	}
	known, disabled, aliases := app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases()
	flags := o.Flags(known, disabled, aliases)
	o.ParsedFlags = &flags
	if err := setFlags("kube-controller-manager", flags, controllerManagerFlags(c)); err != nil {
		return err
	}
	config, err := o.Config(ctx, known, disabled, aliases)
	if err != nil {
		return err
	}
	return app.Run(ctx, config.Complete())
}

func controllerManagerFlags(c *credentials) map[string]string {
	return map[string]string{
		"kubeconfig":                       c.componentKubeconfig,
		"leader-elect":                     "false",
		"secure-port":                      "0",
		"profiling":                        "false",
		"use-service-account-credentials":  "false",
		"service-account-private-key-file": c.saKey,
		"root-ca-file":                     c.ca.CertFile,
		"cluster-signing-kube-apiserver-client-cert-file": c.ca.CertFile,
		"cluster-signing-kube-apiserver-client-key-file":  c.ca.KeyFile,
		"service-cluster-ip-range":                        layout.ServiceCIDR,
		"kube-api-qps":                                    "200",
		"kube-api-burst":                                  "400",

		"controllers": controllers,

		// A node that stops is NotReady after 12 s instead of 50 s: kubelets renew
		// their lease every 4 s.
		"node-monitor-period":         "2s",
		"node-monitor-grace-period":   "12s",
		"node-startup-grace-period":   "20s",
		"pvclaimbinder-sync-period":   "2s",
		"terminated-pod-gc-threshold": "200",
	}
}

// checkControllers looks for what the controllers make first and every pod in
// the namespace default needs.
func (s *server) checkControllers(ctx context.Context) error {
	_, err := s.client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	if err != nil {
		return err
	}
	_, err = s.client.CoreV1().ConfigMaps(metav1.NamespaceDefault).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
	return err
}

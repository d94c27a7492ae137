package kubelet

import (
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/utils/ptr"

	"labctl.dev/labctl/cmd/labkube/layout"
	"labctl.dev/labctl/cmd/labkube/pki"
)

const healthzPort = "10248"

func newConfiguration(o Options, serving pki.Pair) (*config.KubeletConfiguration, error) {
	c, err := options.NewKubeletConfiguration()
	if err != nil {
		return nil, err
	}
	c.ContainerRuntimeEndpoint = "unix://" + layout.ContainerdSocket
	c.ClusterDNS, c.ClusterDomain = []string{layout.DNSIP}, layout.ClusterDomain
	c.ResolverConfig = layout.ResolvConf
	c.PodLogsDir = o.Node.Data("logs")
	c.VolumePluginDir = o.Node.Data("kubelet", "plugins")
	if port, err := strconv.Atoi(healthzPort); err == nil {
		c.HealthzPort = int32(port)
	}

	secure(c, o.CA, serving)
	fitHost(c)
	hurry(c)
	return c, nil
}

// secure lets in whom the API server lets in, and nobody else.
func secure(c *config.KubeletConfiguration, ca *pki.CA, serving pki.Pair) {
	c.ReadOnlyPort = 0
	c.Authentication.Anonymous.Enabled = false
	c.Authentication.Webhook.Enabled = true
	c.Authentication.X509.ClientCAFile = ca.CertFile
	c.Authorization.Mode = config.KubeletAuthorizationModeWebhook
	c.TLSCertFile, c.TLSPrivateKeyFile = serving.CertFile, serving.KeyFile
	c.RotateCertificates = false
}

// fitHost makes kubelet run on any learner's machine, however full or old.
func fitHost(c *config.KubeletConfiguration) {
	c.CgroupDriver = "cgroupfs"
	c.FailCgroupV1 = false
	c.FailSwapOn = false
	c.ProtectKernelDefaults = false
	c.MakeIPTablesUtilChains = false
	c.LocalStorageCapacityIsolation = false
	c.OOMScoreAdj = 0 // lowering it needs CAP_SYS_RESOURCE
	// The disk is the learner's own and may be nearly full for reasons that are
	// not the lab's: never evict pods for it. Memory has to be really short.
	c.EvictionHard = map[string]string{
		"memory.available":   "50Mi",
		"nodefs.available":   "0%",
		"nodefs.inodesFree":  "0%",
		"imagefs.available":  "0%",
		"imagefs.inodesFree": "0%",
	}
	// Lab images come from labctl, not from a registry: once collected, they
	// could not be pulled again. 100 switches the collection off.
	c.ImageGCHighThresholdPercent = 100
	c.ImageMaximumGCAge = metav1.Duration{}
}

// hurry shortens waits that are made for clusters of thousands of nodes.
func hurry(c *config.KubeletConfiguration) {
	c.NodeStatusUpdateFrequency = metav1.Duration{Duration: 5 * time.Second}
	c.NodeStatusReportFrequency = metav1.Duration{Duration: time.Minute}
	c.NodeLeaseDurationSeconds = 16 // renewed four times as often
	c.SyncFrequency = metav1.Duration{Duration: 20 * time.Second}
	c.SerializeImagePulls = false
	c.MaxParallelImagePulls = ptr.To[int32](4)
	c.RegistryPullQPS = 0
	c.KubeAPIQPS, c.KubeAPIBurst = 200, 400
	c.ConfigMapAndSecretChangeDetectionStrategy = config.WatchChangeDetectionStrategy
	c.VolumeStatsAggPeriod = metav1.Duration{Duration: -1}
	c.EnableProfilingHandler = false
	c.FeatureGates = map[string]bool{
		"EventedPLEG": true, // containerd tells of changes at once
	}
}

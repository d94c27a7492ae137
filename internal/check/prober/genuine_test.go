package prober

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestGenuine(t *testing.T) {
	served := func() *corev1.PodSpec { // with what the API server fills in
		spec := deployment().Spec.Template.Spec
		priority := int32(2000000000)
		spec.NodeName, spec.DNSPolicy, spec.RestartPolicy, spec.Priority = "node-1", corev1.DNSClusterFirst, corev1.RestartPolicyAlways, &priority
		spec.SchedulerName, spec.ServiceAccountName, spec.SecurityContext = "default-scheduler", "default", &corev1.PodSecurityContext{}
		spec.Tolerations = append(spec.Tolerations, corev1.Toleration{Key: "node.kubernetes.io/not-ready"})
		spec.Containers[0].TerminationMessagePath = "/dev/termination-log"
		spec.Containers[0].Env = []corev1.EnvVar{}
		return &spec
	}
	if !genuine(served()) {
		t.Error("what the API server makes of it is not")
	}
	for name, change := range map[string]func(*corev1.PodSpec){
		"host aliases": func(s *corev1.PodSpec) {
			s.HostAliases = []corev1.HostAlias{{IP: "1.2.3.4", Hostnames: []string{"web"}}}
		},
		"name servers":     func(s *corev1.PodSpec) { s.DNSConfig = &corev1.PodDNSConfig{Nameservers: []string{"1.2.3.4"}} },
		"the node's names": func(s *corev1.PodSpec) { s.DNSPolicy = corev1.DNSDefault },
		"the node's net":   func(s *corev1.PodSpec) { s.HostNetwork = true },
		"another program":  func(s *corev1.PodSpec) { s.Containers[0].Args = []string{"other"} },
		"a proxy":          func(s *corev1.PodSpec) { s.Containers[0].Env = []corev1.EnvVar{{Name: "HTTP_PROXY", Value: "x"}} },
		"all of a secret":  func(s *corev1.PodSpec) { s.Containers[0].EnvFrom = []corev1.EnvFromSource{{Prefix: "X"}} },
		"a file": func(s *corev1.PodSpec) {
			s.Containers[0].VolumeMounts = []corev1.VolumeMount{{MountPath: "/etc/hosts"}}
		},
		"a volume":    func(s *corev1.PodSpec) { s.Volumes = []corev1.Volume{{Name: "x"}} },
		"a sidecar":   func(s *corev1.PodSpec) { s.Containers = append(s.Containers, corev1.Container{Name: "x"}) },
		"an init one": func(s *corev1.PodSpec) { s.InitContainers = []corev1.Container{{Name: "x"}} },
		"a debugger":  func(s *corev1.PodSpec) { s.EphemeralContainers = []corev1.EphemeralContainer{{}} },
	} {
		spec := served()
		change(spec)
		if genuine(spec) {
			t.Errorf("%s: is", name)
		}
	}
}

//go:build e2e && linux

package diagnose

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func just(d runtime.Object) []runtime.Object { return []runtime.Object{d} }

func TestStartingCauses(t *testing.T) {
	image := func(name string) func(*corev1.Pod) { return with(func(c *corev1.Container) { c.Image = name }) }
	always := with(func(c *corev1.Container) { c.ImagePullPolicy = corev1.PullAlways })
	never := with(func(c *corev1.Container) { c.Image, c.ImagePullPolicy = "labctl.dev/web:v9", corev1.PullNever })
	command := with(func(c *corev1.Container) { c.Command = []string{"sevre"} })
	settings := &corev1.Secret{StringData: map[string]string{"token": "t"}}
	settings.Name = "api"
	site := &corev1.ConfigMapVolumeSource{}
	site.Name = "site"
	reproduce(t, []reproduced{
		{name: "wrong tag", objects: just(web(image("labctl.dev/web:v9"))), codes: "NotReady ImagePull", texts: []string{"no tag v9"}},
		{name: "wrong name", objects: just(web(image("labctl.dev/wbe:v1"))), codes: "NotReady ImagePull", texts: []string{"nearly that name: labctl.dev/web:v1"}},
		{name: "no registry", objects: just(web(image("web:v1"))), codes: "NotReady ImagePull", texts: []string{"labctl.dev/web:v"}},
		{name: "always pulled", objects: just(web(always)), codes: "NotReady ImagePull", texts: []string{"IfNotPresent"}},
		{name: "never pulled", objects: just(web(never)), codes: "NotReady ImagePull", texts: []string{"imagePullPolicy Never"}},
		{name: "invalid image name", objects: just(web(image("labctl.dev/Web V1"))), codes: "NotReady InvalidImageName"},
		{name: "no such command", objects: just(web(command)), codes: "NotReady CrashLoop ContainerCreateError", texts: []string{"executable file not found", `["sevre"]`}},
		{name: "missing config map", objects: []runtime.Object{web(allOf("web-config", false)), config("webconfig", "a")}, codes: "NotReady MissingConfigMap", texts: []string{"webconfig"}},
		{name: "missing secret", objects: just(web(fromSecret("API_TOKEN", "api", "token"))), codes: "NotReady MissingSecret"},
		{name: "missing key", objects: []runtime.Object{web(fromSecret("API_TOKEN", "api", "tokn")), settings}, codes: "NotReady MissingKey", texts: []string{"has: token", "Ask for the key token"}},
		{name: "missing mounted config map", objects: just(web(volume(corev1.VolumeSource{ConfigMap: site}))), codes: "NotReady MissingConfigMap", texts: []string{"volume stuff"}},
	})
}

func TestRunningCauses(t *testing.T) {
	probe := func(path string, port int32) *corev1.Probe {
		p := get(path, intstr.FromInt32(port))
		p.PeriodSeconds, p.FailureThreshold = 1, 1
		return p
	}
	readiness := func(path string, port int32) func(*corev1.Pod) {
		return with(func(c *corev1.Container) { c.ReadinessProbe = probe(path, port) })
	}
	liveness := with(func(c *corev1.Container) { c.LivenessProbe = probe("/alive", 8080) })
	startup := with(func(c *corev1.Container) { c.StartupProbe = probe("/healthz", 81) })
	small := with(func(c *corev1.Container) {
		c.Resources.Limits = corev1.ResourceList{"memory": resource.MustParse("32Mi")}
	})
	ended := func(p *corev1.Pod) { p.Spec.Containers[0].Command = []string{"echo", "bye"} }
	reproduce(t, []reproduced{
		{name: "crash loop", objects: just(web(env("FAIL_START", "no database at db:5432"))), codes: "NotReady CrashLoop", texts: []string{"no database at db:5432", "exit code 1"}},
		{name: "finished", objects: just(web(ended)), codes: "NotReady CrashLoop Completed", texts: []string{"bye"}},
		{name: "out of memory", objects: just(web(env("MEMORY", "100Mi"), small)), codes: "NotReady CrashLoop OOMKilled", texts: []string{"32Mi"}},
		{name: "unknown path", objects: just(web(readiness("/redy", 8080))), codes: "NotReady ReadinessFailing WrongPath", texts: []string{"status 404"}},
		{name: "wrong probe port", objects: just(web(readiness("/readyz", 81))), codes: "NotReady ReadinessFailing WrongPort", texts: []string{"8080 (http)"}},
		{name: "not ready says the application", objects: just(web(readiness("/readyz", 8080), env("READY_DELAY", "1h"))), codes: "NotReady ReadinessFailing", texts: []string{"status 503"}},
		{name: "liveness", objects: just(web(liveness)), codes: "CrashLoop LivenessFailing WrongPath", texts: []string{"GET /alive"}},
		{name: "startup", objects: just(web(startup)), codes: "NotReady CrashLoop StartupFailing WrongPort"},
	})
}

func TestPlacementCauses(t *testing.T) {
	disk := func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"kubernetes.io/os": "linus"} }
	claim := &corev1.PersistentVolumeClaim{}
	claim.Name = "data"
	fast := "fast"
	claim.Spec.StorageClassName = &fast
	claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	claim.Spec.Resources.Requests = corev1.ResourceList{"storage": resource.MustParse("1Gi")}
	reproduce(t, []reproduced{
		{name: "cpu", objects: just(web(requests("640", "1Mi"))), codes: "NotReady Unschedulable InsufficientCPU", texts: []string{"asks for 640 CPU", "No node is that big"}},
		{name: "memory", objects: just(web(requests("1m", "9Ti"))), codes: "NotReady Unschedulable InsufficientMemory"},
		{name: "node selector", objects: just(web(disk)), codes: "NotReady Unschedulable NodeSelectorMismatch", texts: []string{"kubernetes.io/os=linux"}},
		{name: "missing claim", objects: just(web(claimed("date"))), codes: "NotReady Unschedulable MissingClaim"},
		{name: "missing storage class", objects: []runtime.Object{claim, web(claimed("data"))}, codes: "NotReady Unschedulable PVCPending MissingStorageClass"},
	})
}

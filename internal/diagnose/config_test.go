package diagnose

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func fromConfigMap(variable, name, key string) func(*corev1.Pod) {
	return with(func(c *corev1.Container) {
		r := &corev1.ConfigMapKeySelector{Key: key}
		r.Name = name
		c.Env = append(c.Env, corev1.EnvVar{Name: variable, ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: r}})
	})
}

func fromSecret(variable, name, key string) func(*corev1.Pod) {
	return with(func(c *corev1.Container) {
		r := &corev1.SecretKeySelector{Key: key}
		r.Name = name
		c.Env = append(c.Env, corev1.EnvVar{Name: variable, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: r}})
	})
}

func allOf(name string, optional bool) func(*corev1.Pod) {
	return with(func(c *corev1.Container) {
		r := &corev1.ConfigMapEnvSource{Optional: &optional}
		r.Name = name
		c.EnvFrom = append(c.EnvFrom, corev1.EnvFromSource{ConfigMapRef: r})
	})
}

func volume(v corev1.VolumeSource) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: "stuff", VolumeSource: v})
	}
}

func TestMissingConfiguration(t *testing.T) {
	ask := about("Pod", "a")
	notMade := waiting("CreateContainerConfigError", `configmap "web-config" not found`)
	creating := waiting("ContainerCreating", "")
	mounted := &corev1.ConfigMapVolumeSource{Items: []corev1.KeyToPath{{Key: "site.conf"}}}
	mounted.Name = "site"
	run(t, []tell{
		{name: "config map", ask: ask, codes: "MissingConfigMap", x: of(pod("a", notMade, allOf("web-config", false))),
			texts: []string{"envFrom needs ConfigMap web-config", "create configmap web-config --from-literal=KEY=VALUE -n demo"}},
		{name: "nearly", ask: ask, codes: "MissingConfigMap", x: of(pod("a", notMade, allOf("web-config", false)), configMap(keyed("webconfig"))),
			texts: []string{"1 MissingConfigMap: There is a ConfigMap of nearly that name: webconfig"}},
		{name: "it is a secret", ask: ask, codes: "MissingConfigMap", x: of(pod("a", notMade, allOf("db", false)), secret(keyed("db"))),
			texts: []string{"There is a Secret called db", "secretKeyRef"}},
		{name: "secret", ask: ask, codes: "MissingSecret", x: of(pod("a", notMade, fromSecret("TOKEN", "api", "token"))),
			texts: []string{"variable TOKEN needs Secret api", "create secret generic api --from-literal=token=VALUE"}},
		{name: "key", ask: ask, codes: "MissingKey", x: of(pod("a", notMade, fromConfigMap("GREETING", "web", "greeting")), configMap(keyed("web", "GREETING", "colour"))),
			texts: []string{"needs the key greeting of ConfigMap web", "web has: GREETING and colour", "2 MissingKey: Ask for the key GREETING"}},
		{name: "key of an empty secret", ask: ask, codes: "MissingKey", x: of(pod("a", notMade, fromSecret("T", "api", "token")), secret(keyed("api"))), texts: []string{"no keys at all"}},
		{name: "two things", ask: ask, codes: "MissingConfigMap MissingSecret", x: of(pod("a", notMade, fromConfigMap("A", "x", "a"), fromConfigMap("B", "x", "b"), fromSecret("C", "y", "c")))},
		{name: "optional", ask: ask, codes: "ContainerCreateError", x: of(pod("a", notMade, allOf("web-config", true)))},
		{name: "made meanwhile", ask: ask, codes: "ContainerCreateError", x: of(pod("a", notMade, allOf("web", false)), configMap(keyed("web")))},
		{name: "volume's key", ask: ask, codes: "MissingKey", x: of(pod("a", creating, volume(corev1.VolumeSource{ConfigMap: mounted})), configMap(keyed("site", "other.conf"))),
			texts: []string{"volume stuff needs the key site.conf"}},
		{name: "volume's secret", ask: ask, codes: "MissingSecret", x: of(pod("a", creating, volume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls"}})))},
		{name: "gone, but the pod runs", ask: ask, x: of(pod("a", allOf("web-config", false)))},
	})
}

func claimed(name string) func(*corev1.Pod) {
	return volume(corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}})
}

func claim(name, class string) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{ObjectMeta: objectMeta(name)}
	c.Status.Phase = corev1.ClaimPending
	if class != "default" {
		c.Spec.StorageClassName = &class
	}
	return c
}

func TestClaims(t *testing.T) {
	waits := storagev1.VolumeBindingWaitForFirstConsumer
	class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "standard"}, VolumeBindingMode: &waits}
	standard := class.DeepCopy()
	standard.Annotations = map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}
	bound := claim("data", "standard")
	bound.Status.Phase = corev1.ClaimBound
	unbound := unplaced("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: none")
	run(t, []tell{
		{name: "missing", ask: about("Pod", "a"), codes: "Unschedulable MissingClaim",
			x:     of(claim("data", "standard"), pod("a", claimed("date"), unplaced(`0/1 nodes are available: persistentvolumeclaim "date" not found.`))),
			texts: []string{"PersistentVolumeClaim date, which is not", "nearly that name: data"}},
		{name: "no such class", ask: about("Pod", "a"), codes: "Unschedulable PVCPending MissingStorageClass",
			x: of(standard, claim("data", "fast"), pod("a", claimed("data"), unbound)), texts: []string{"storage class fast does not exist", "There is: standard", "storageClassName: standard"}},
		{name: "no default", ask: about("PersistentVolumeClaim", "data"), codes: "PVCPending MissingStorageClass", x: of(class, claim("data", "default"))},
		{name: "by hand", ask: about("PersistentVolumeClaim", "data"), codes: "PVCPending", x: of(standard, claim("data", ""))},
		{name: "unused", ask: about("PersistentVolumeClaim", "data"), codes: "PVCPending", x: of(standard, claim("data", "default")), texts: []string{"only once a pod uses the claim"}},
		{name: "provisioning fails", ask: about("PersistentVolumeClaim", "data"), codes: "PVCPending",
			x:     of(standard, claim("data", "standard"), pod("a", claimed("data")), event("PersistentVolumeClaim", "data", "ProvisioningFailed", "no space left")),
			texts: []string{"no space left"}},
		{name: "bound", ask: about("PersistentVolumeClaim", "data"), x: of(standard, bound)},
		{name: "a moment old", ask: about("PersistentVolumeClaim", "data"), x: of(standard, pod("a", claimed("data")), func() *corev1.PersistentVolumeClaim {
			c := claim("data", "standard")
			c.CreationTimestamp = metav1.NewTime(now())
			return c
		}())},
	})
}

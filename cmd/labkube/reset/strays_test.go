package reset

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func ownedPod(t *testing.T, name, owner string, controls bool) []byte {
	m := meta(name, name)
	m.OwnerReferences = []metav1.OwnerReference{{Name: "owner", UID: uidOf(owner), Controller: ptr.To(controls)}}
	return stored(t, &corev1.Pod{ObjectMeta: m})
}

func TestStrays(t *testing.T) {
	const (
		deployment = "/registry/deployments/lab/web"
		rs         = "/registry/replicasets/lab/web-1"
		pod        = "/registry/pods/lab/web-1-a"
	)
	for _, test := range []struct {
		name      string
		base, now map[string][]byte
		want      []string
	}{
		{"all owners are there", nil, map[string][]byte{
			deployment: configMap(t, "web", "d", ""), rs: replicaSet(t, "r", 1), pod: ownedPod(t, "p", "r", true),
		}, nil},
		{"the owner is gone", nil, map[string][]byte{pod: ownedPod(t, "p", "r", true)}, []string{pod}},
		{"the owner's owner is gone", nil, map[string][]byte{rs: replicaSet(t, "r", 1), pod: ownedPod(t, "p", "r", true)}, []string{pod, rs}},
		{"the owner was made anew", nil, map[string][]byte{
			deployment: configMap(t, "web", "d", ""), rs: replicaSet(t, "r2", 1), pod: ownedPod(t, "p", "r", true),
		}, []string{pod}},
		{"it does not control", nil, map[string][]byte{pod: ownedPod(t, "p", "r", false)}, nil},
		{"it was so at the baseline", map[string][]byte{rs: replicaSet(t, "r", 1)}, map[string][]byte{rs: replicaSet(t, "r", 1)}, nil},
		{"another revision of what had some", map[string][]byte{rs: replicaSet(t, "r", 1)}, map[string][]byte{
			deployment: configMap(t, "web", "d", ""), rs: replicaSet(t, "r", 1), "/registry/replicasets/lab/web-2": replicaSet(t, "r2", 1),
		}, []string{"/registry/replicasets/lab/web-2"}},
		{"the first revision", map[string][]byte{deployment: configMap(t, "web", "d", "")}, map[string][]byte{
			deployment: configMap(t, "web", "d", ""), rs: replicaSet(t, "r", 1),
		}, nil},
		{"it controls itself", nil, map[string][]byte{pod: ownedPod(t, "p", "p", true)}, nil},
		{"leases", nil, map[string][]byte{"/registry/leases/lab/a": ownedPod(t, "p", "r", true)}, nil},
	} {
		got, err := strays(&snapshot{Objects: test.base}, &snapshot{Objects: test.now})
		slices.Sort(got)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, %v; want %v", test.name, got, err, test.want)
		}
	}
}

package reset

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// stored encodes an object as the API server would.
func stored(t *testing.T, object runtime.Object) []byte {
	t.Helper()
	value, err := encode(object)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func meta(name, uid string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "lab", Name: name, UID: uidOf(uid)}
}

// uidOf makes a UID of the usual length.
func uidOf(short string) types.UID { return types.UID(fmt.Sprintf("%036s", short)) }

func configMap(t *testing.T, name, uid, data string) []byte {
	return stored(t, &corev1.ConfigMap{ObjectMeta: meta(name, uid), Data: map[string]string{"k": data}})
}

func replicaSet(t *testing.T, uid string, replicas int32) []byte {
	m := meta("web-1", uid)
	m.OwnerReferences = []metav1.OwnerReference{{Kind: "Deployment", Name: "web", UID: uidOf("d"), Controller: ptr.To(true)}}
	value, err := encodeAs(appsv1.SchemeGroupVersion, &appsv1.ReplicaSet{ObjectMeta: m, Spec: appsv1.ReplicaSetSpec{Replicas: &replicas}})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func endpoints(t *testing.T, manager string) []byte {
	m := meta("web", "e")
	m.Labels = map[string]string{"endpoints.kubernetes.io/managed-by": manager}
	return stored(t, &corev1.Endpoints{ObjectMeta: m}) //nolint:staticcheck // the API server still keeps them
}

func TestPlan(t *testing.T) {
	const (
		namespace = "/registry/namespaces/lab"
		cm        = "/registry/configmaps/lab/a"
		rs        = "/registry/replicasets/lab/web-1"
		ep        = "/registry/services/endpoints/lab/web"
		custom    = "/registry/example.com/foos/lab/a"
	)
	there := stored(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "lab", UID: uidOf("n")}})
	foo := []byte(`{"apiVersion":"example.com/v1","kind":"Foo","metadata":{"name":"a","namespace":"lab","finalizers":["x"]}}`)
	old := configMap(t, "a", "1", "old")

	for _, test := range []struct {
		name      string
		base, now map[string][]byte
		put, del  []string
	}{
		{"nothing changed", map[string][]byte{cm: old}, map[string][]byte{cm: old}, nil, nil},
		{"changed", map[string][]byte{cm: old}, map[string][]byte{cm: configMap(t, "a", "1", "new")}, []string{cm}, nil},
		{"deleted", map[string][]byte{cm: old}, nil, []string{cm}, nil},
		{"deleted and made again", map[string][]byte{cm: old}, map[string][]byte{cm: configMap(t, "a", "2", "new")}, []string{cm}, nil},
		{"deleted and made again, the same", map[string][]byte{cm: old}, map[string][]byte{cm: configMap(t, "a", "2", "old")}, nil, nil},
		{"new", nil, map[string][]byte{cm: old}, nil, []string{cm}},
		{"new custom resource with a finalizer", nil, map[string][]byte{custom: foo}, nil, []string{custom}},
		{"transient", map[string][]byte{"/registry/leases/a/b": {1}}, map[string][]byte{"/registry/events/a/b": {2}}, nil, nil},
		{"pods are somebody else's", map[string][]byte{"/registry/pods/a/b": {1}}, nil, nil, nil},
		{"derived, scaled", map[string][]byte{rs: replicaSet(t, "1", 2)}, map[string][]byte{rs: replicaSet(t, "1", 0)}, []string{rs}, nil},
		{"derived, gone: it is history", map[string][]byte{rs: replicaSet(t, "1", 2)}, nil, []string{rs}, nil},
		{"derived, made again by its controller", map[string][]byte{rs: replicaSet(t, "1", 2)}, map[string][]byte{rs: replicaSet(t, "2", 0)}, []string{rs}, nil},
		{"derived, new", nil, map[string][]byte{rs: replicaSet(t, "1", 2)}, nil, []string{rs}},
		{"endpoints of a controller", map[string][]byte{namespace: there, ep: endpoints(t, "endpoint-controller")}, map[string][]byte{namespace: there}, nil, nil},
		{"endpoints of a controller, namespace goes", nil, map[string][]byte{ep: endpoints(t, "endpoint-controller")}, nil, []string{ep}},
		{"endpoints of our own", map[string][]byte{namespace: there, ep: endpoints(t, "labctl.dev")}, map[string][]byte{namespace: there}, []string{ep}, nil},
		{"namespace first", map[string][]byte{namespace: there, cm: old}, nil, []string{namespace, cm}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			edits, _, err := plan(&snapshot{Objects: test.base}, &snapshot{Objects: test.now})
			if err != nil {
				t.Fatal(err)
			}
			var put, del []string
			for _, e := range edits {
				if e.value == nil {
					del = append(del, e.key)
				} else if put = append(put, e.key); !bytes.Equal(anonymous(t, e.value), anonymous(t, test.base[e.key])) {
					t.Errorf("%s gets a value that is not the baseline's", e.key)
				}
			}
			if !slices.Equal(put, test.put) || !slices.Equal(del, test.del) {
				t.Errorf("puts %v, want %v; deletes %v, want %v", put, test.put, del, test.del)
			}
		})
	}
}

// anonymous is a stored object without its own UID.
func anonymous(t *testing.T, value []byte) []byte {
	t.Helper()
	object, err := metadata(value)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(value, []byte(object.UID), nil)
}

// What is made again is another object to the garbage collector, and what
// belongs to it follows. Names keep the UIDs in them.
func TestNobodyComesBackFromTheDead(t *testing.T) {
	const rs, pvc, pv = "/registry/replicasets/lab/web-1", "/registry/persistentvolumeclaims/lab/data", "/registry/persistentvolumes/pvc"
	deployment := meta("web", "d")
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: meta("data", "c"), Spec: corev1.PersistentVolumeClaimSpec{VolumeName: "pvc-" + string(uidOf("c"))}}
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "pvc-" + string(uidOf("c")), UID: uidOf("v")},
		Spec:       corev1.PersistentVolumeSpec{ClaimRef: &corev1.ObjectReference{Name: "data", UID: uidOf("c")}},
	}
	base := map[string][]byte{
		"/registry/configmaps/lab/web": stored(t, &corev1.ConfigMap{ObjectMeta: deployment}),
		rs:                             replicaSet(t, "1", 2), pvc: stored(t, claim), pv: stored(t, volume),
	}
	leaving := meta("web", "d")
	leaving.DeletionTimestamp = ptr.To(metav1.Now())
	for name, now := range map[string]map[string][]byte{
		"gone":       {pv: base[pv]},
		"on its way": {pv: base[pv], rs: base[rs], "/registry/configmaps/lab/web": stored(t, &corev1.ConfigMap{ObjectMeta: leaving})},
	} {
		edits, _, err := plan(&snapshot{Objects: base}, &snapshot{Objects: now})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]byte{}
		for _, e := range edits {
			got[e.key] = e.value
		}
		owner, err := metadata(got["/registry/configmaps/lab/web"])
		if err != nil || owner.UID == uidOf("d") {
			t.Errorf("%s: the owner is %v, %v", name, owner, err)
		}
		dependent, err := metadata(got[rs])
		if err != nil || dependent.OwnerReferences[0].UID != owner.UID {
			t.Errorf("%s: the dependent belongs to %v, %v", name, dependent.OwnerReferences, err)
		}
		claim, err := decode(got[pvc], new(corev1.PersistentVolumeClaim))
		if err != nil || claim.UID == uidOf("c") || claim.Spec.VolumeName != "pvc-"+string(uidOf("c")) {
			t.Errorf("%s: the claim is %v, %v", name, claim, err)
		}
		volume, err := decode(got[pv], new(corev1.PersistentVolume))
		if err != nil || volume.UID != uidOf("v") || volume.Name != "pvc-"+string(uidOf("c")) || volume.Spec.ClaimRef.UID != claim.UID {
			t.Errorf("%s: the volume is %v, %v", name, volume, err)
		}
	}
}

// A token names its account's UID, so it goes with it.
func TestTokensOfTheDeadAreMadeAnew(t *testing.T) {
	account, secret := meta("app", "s"), meta("app-token", "t")
	secret.Annotations = map[string]string{corev1.ServiceAccountUIDKey: string(uidOf("s"))}
	const key = "/registry/secrets/lab/app-token"
	base := map[string][]byte{
		"/registry/serviceaccounts/lab/app": stored(t, &corev1.ServiceAccount{ObjectMeta: account}),
		key: stored(t, &corev1.Secret{
			ObjectMeta: secret, Type: corev1.SecretTypeServiceAccountToken, Data: map[string][]byte{"token": []byte("jwt"), "ca.crt": []byte("ca")},
		}),
	}
	edits, _, err := plan(&snapshot{Objects: base}, &snapshot{Objects: map[string][]byte{key: base[key]}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		if e.key != key {
			continue
		}
		got, err := decode(e.value, new(corev1.Secret))
		if err != nil || got.Data["token"] != nil || got.Data["ca.crt"] == nil || got.Annotations[corev1.ServiceAccountUIDKey] == string(uidOf("s")) {
			t.Errorf("the secret is %v, %v", got, err)
		}
		return
	}
	t.Error("the secret is left as it was")
}

// What was on its way out at the baseline must not keep a reset busy.
func TestWhatWasLeavingThenIsLeftAlone(t *testing.T) {
	leaving := meta("a", "1")
	leaving.DeletionTimestamp = ptr.To(metav1.Now())
	base := map[string][]byte{"/registry/configmaps/lab/a": stored(t, &corev1.ConfigMap{ObjectMeta: leaving})}
	edits, _, err := plan(&snapshot{Objects: base}, &snapshot{Objects: base})
	if err != nil || len(edits) > 0 {
		t.Errorf("%d edits, %v", len(edits), err)
	}
}

func TestPlanNode(t *testing.T) {
	const key = "/registry/minions/n"
	node := func(change func(*corev1.Node)) []byte {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", UID: "1"}}
		n.Status.NodeInfo.KubeletVersion = "v1"
		change(n)
		return stored(t, n)
	}
	base := map[string][]byte{key: node(func(n *corev1.Node) { n.Labels = map[string]string{"a": "b"} })}
	now := maps.Clone(base)
	now[key] = node(func(n *corev1.Node) {
		n.Spec.Unschedulable = true
		n.Spec.Taints = []corev1.Taint{{Key: "k"}}
		n.Annotations = map[string]string{"kubelet": "now"}
		n.Status.NodeInfo.BootID = "now"
	})
	edits, _, err := plan(&snapshot{Objects: base}, &snapshot{Objects: now})
	if err != nil || len(edits) != 1 {
		t.Fatalf("%v, %d edits", err, len(edits))
	}
	got, err := decode(edits[0].value, new(corev1.Node))
	if err != nil {
		t.Fatal(err)
	}
	if got.Spec.Unschedulable || len(got.Spec.Taints) > 0 || got.Labels["a"] != "b" {
		t.Errorf("spec and labels are not the baseline's: %+v %v", got.Spec, got.Labels)
	}
	if got.Status.NodeInfo.BootID != "now" || got.Annotations["kubelet"] != "now" {
		t.Error("status or annotations are not those of now")
	}

	joined, _, err := plan(&snapshot{}, &snapshot{Objects: now})
	if err != nil || len(joined) != 0 {
		t.Errorf("a node that joined later: %v, %d edits, want none", err, len(joined))
	}
	invented := map[string][]byte{key: node(func(n *corev1.Node) { n.Status.NodeInfo.KubeletVersion = "" })}
	gone, _, err := plan(&snapshot{}, &snapshot{Objects: invented})
	if err != nil || len(gone) != 1 || gone[0].value != nil {
		t.Errorf("a node without kubelet: %v, %v", err, gone)
	}
}

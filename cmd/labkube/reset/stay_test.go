package reset

import (
	"log/slog"
	"maps"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
)

const system = "kube-system"

func systemMeta(name, uid string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: system, Name: name, UID: uidOf(uid)}
}

// dnsPod is a Ready pod of a ReplicaSet, changed.
func dnsPod(name, owner string, change func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: systemMeta(name, name)}
	p.Generation, p.Labels = 1, map[string]string{"k8s-app": "kube-dns"}
	p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "dns", UID: uidOf(owner), Controller: ptr.To(true)}}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	if change != nil {
		change(p)
	}
	return p
}

func mirrorPod(name string) *corev1.Pod {
	return dnsPod(name, "node", func(p *corev1.Pod) {
		p.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
		p.Status.Conditions = nil
	})
}

func key(p *corev1.Pod) string { return podKeys + p.Namespace + "/" + p.Name }

func deployment(t *testing.T, generation int64, replicas int32) []byte {
	m := systemMeta("dns", "d")
	m.Generation = generation
	value, err := encodeAs(appsv1.SchemeGroupVersion, &appsv1.Deployment{ObjectMeta: m, Status: appsv1.DeploymentStatus{ReadyReplicas: replicas}})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func replicaSetOf(t *testing.T, uid string) []byte {
	value, err := encodeAs(appsv1.SchemeGroupVersion, &appsv1.ReplicaSet{ObjectMeta: systemMeta("dns", uid)})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestWhichPodsStay(t *testing.T) {
	const (
		config  = "/registry/configmaps/kube-system/dns"
		dns     = "/registry/deployments/kube-system/dns"
		role    = "/registry/clusterroles/system:dns"
		rs      = "/registry/replicasets/kube-system/dns"
		view    = "/registry/clusterroles/view"
		service = "/registry/services/specs/default/kubernetes"
	)
	corefile := func(text string) []byte {
		return stored(t, &corev1.ConfigMap{ObjectMeta: systemMeta("dns", "c"), Data: map[string]string{"Corefile": text}})
	}
	object := func(o runtime.Object) []byte { return stored(t, o) }
	one, static := dnsPod("one", "rs", nil), mirrorPod("etcd")
	base := map[string][]byte{
		config: corefile("."), dns: deployment(t, 1, 2), role: object(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "system:dns"}}),
		rs:       replicaSetOf(t, "rs"),
		view:     object(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "view"}}),
		service:  object(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "kubernetes", Namespace: "default"}}),
		key(one): object(one), key(static): object(static),
	}
	for name, test := range map[string]struct {
		change map[string][]byte // of now; nil deletes
		pod    *corev1.Pod
		want   bool
	}{
		"as it was":                      {nil, one, true},
		"made in another's place":        {nil, dnsPod("two", "rs", nil), true},
		"not Ready":                      {nil, dnsPod("one", "rs", func(p *corev1.Pod) { p.Status.Conditions = nil }), false},
		"on its way out":                 {nil, dnsPod("one", "rs", func(p *corev1.Pod) { p.DeletionTimestamp = ptr.To(metav1.Now()) }), false},
		"with another image":             {nil, dnsPod("one", "rs", func(p *corev1.Pod) { p.Generation = 2 }), false},
		"with a label more":              {nil, dnsPod("one", "rs", func(p *corev1.Pod) { p.Labels = map[string]string{"k8s-app": "kube-dns", "a": "b"} }), false},
		"with an annotation":             {nil, dnsPod("one", "rs", func(p *corev1.Pod) { p.Annotations = map[string]string{"a": "b"} }), false},
		"of an owner made anew":          {map[string][]byte{rs: replicaSetOf(t, "rs-2")}, dnsPod("one", "rs-2", nil), true},
		"of another owner":               {nil, dnsPod("one", "rs-2", nil), false},
		"of nobody":                      {nil, dnsPod("one", "rs", func(p *corev1.Pod) { p.OwnerReferences = nil }), false},
		"static":                         {nil, static, true},
		"static, all else changed":       {map[string][]byte{config: corefile("broken"), dns: deployment(t, 2, 1)}, static, true},
		"calls itself static":            {nil, mirrorPod("mine"), false},
		"the status has changed":         {map[string][]byte{dns: deployment(t, 1, 1)}, one, true},
		"the configuration has changed":  {map[string][]byte{config: corefile("broken")}, one, false},
		"the configuration is gone":      {map[string][]byte{config: nil}, one, false},
		"the Deployment has changed":     {map[string][]byte{dns: deployment(t, 2, 2)}, one, false},
		"a role is gone":                 {map[string][]byte{role: nil}, one, false},
		"a role of people is gone":       {map[string][]byte{view: nil}, one, true},
		"the API's Service is gone":      {map[string][]byte{service: nil}, one, false},
		"something new beside it":        {map[string][]byte{"/registry/configmaps/kube-system/mine": object(&corev1.ConfigMap{ObjectMeta: systemMeta("mine", "m")})}, one, true},
		"changes in the learner's place": {map[string][]byte{"/registry/configmaps/lab/mine": configMap(t, "mine", "1", "x")}, one, true},
	} {
		t.Run(name, func(t *testing.T) {
			now := maps.Clone(base)
			for k, value := range test.change {
				if now[k] = value; value == nil {
					delete(now, k)
				}
			}
			before, after := &snapshot{Objects: base}, &snapshot{Objects: now}
			edits, identified, err := plan(before, after)
			if err != nil {
				t.Fatal(err)
			}
			stays, err := (&Resetter{System: system, Log: slog.New(slog.DiscardHandler)}).staying(identified, after, edits)
			if err != nil {
				t.Fatal(err)
			}
			if got := stays(test.pod); got != test.want {
				t.Errorf("it stays: %v, want %v", got, test.want)
			}
		})
	}
}

// Where the cluster runs no pods of its own, none stays.
func TestNoPodStaysWithoutASystem(t *testing.T) {
	one := dnsPod("one", "rs", nil)
	s := &snapshot{Objects: map[string][]byte{key(one): stored(t, one)}}
	stays, err := new(Resetter).staying(s, s, nil)
	if err != nil || stays(one) {
		t.Errorf("it stays, or: %v", err)
	}
}

func TestTheAPIServersAddress(t *testing.T) {
	const endpoints = "/registry/services/endpoints/default/kubernetes"
	at := func(ip string) []byte {
		return stored(t, &corev1.Endpoints{ //nolint:staticcheck // the API server still keeps them
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "kubernetes", UID: uidOf("e")},
			Subsets:    []corev1.EndpointSubset{{Addresses: []corev1.EndpointAddress{{IP: ip}}}}, //nolint:staticcheck // as above
		})
	}
	base := &snapshot{Objects: map[string][]byte{endpoints: at("172.18.0.2")}}
	for name, test := range map[string]struct {
		lease   string
		current []byte
		edits   int
	}{
		"somebody has changed it":       {"172.18.0.2", at("10.0.0.1"), 1},
		"somebody has removed it":       {"172.18.0.2", nil, 1},
		"it has moved":                  {"172.18.0.3", at("172.18.0.3"), 0},
		"it has moved, to a longer one": {"172.18.0.21", at("172.18.0.21"), 0},
		"it has moved, to a shorter":    {"172.18.0", at("172.18.0"), 0},
	} {
		now := &snapshot{Objects: map[string][]byte{leaseKeys + test.lease: {1}}}
		if test.current != nil {
			now.Objects[endpoints] = test.current
		}
		edits, _, err := plan(base, now)
		if err != nil || len(edits) != test.edits {
			t.Errorf("%s: %d edits, %v; want %d", name, len(edits), err, test.edits)
		}
	}
}

// A token that has ended since would be put back and removed for ever.
func TestJoinTokensAreOfTheMoment(t *testing.T) {
	const token = "/registry/secrets/kube-system/bootstrap-token-abcdef"
	edits, _, err := plan(&snapshot{Objects: map[string][]byte{token: stored(t, &corev1.Secret{ObjectMeta: systemMeta("bootstrap-token-abcdef", "t")})}}, &snapshot{})
	if err != nil || len(edits) != 0 {
		t.Errorf("%d edits, %v", len(edits), err)
	}
}

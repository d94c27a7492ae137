package diagnose

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func in(namespace string, x explainer) explainer {
	x.Namespace = namespace
	return x
}

func TestAbsent(t *testing.T) {
	full := &corev1.ResourceQuota{ObjectMeta: objectMeta("small")}
	full.Status.Hard = corev1.ResourceList{"pods": resource.MustParse("2")}
	full.Status.Used = full.Status.Hard
	run(t, []tell{
		{name: "no namespace", codes: "MissingNamespace", x: in("dmeo", of()), texts: []string{"no namespace dmeo", "nearly that name: demo"}},
		{name: "wrong namespace", codes: "WrongNamespace", x: of(somewhere("Deployment", "default", "web")), texts: []string{"there is one in namespace default"}},
		{name: "the system's does not count", codes: "NotFound", x: of(somewhere("Deployment", "kube-system", "web"))},
		{name: "nearly right", codes: "NearlyRightName", x: of(somewhere("Deployment", "demo", "webb")), texts: []string{"1 NearlyRightName: It is called webb"}},
		{name: "wrong kind", codes: "WrongKind", x: of(pod("web")), texts: []string{"there is a Pod of that name"}},
		{name: "wrong kind of configuration", ask: about("ConfigMap", "web"), codes: "WrongKind", x: of(secret(keyed("web")))},
		{name: "deleted", ask: about("Pod", "web"), codes: "Deleted", x: of(event("Pod", "web", "Killing", "Stopping container web"))},
		{name: "quota is full", ask: about("Pod", "web"), codes: "QuotaExceeded", x: of(full), texts: []string{"pods 2 of 2"}},
		{name: "quota on something else", codes: "NotFound", x: of(full)},
		{name: "nearly, elsewhere", codes: "WrongNamespace", x: of(somewhere("Deployment", "default", "webb")), texts: []string{"webb of namespace default"}},
		{name: "others", codes: "NotFound", x: of(somewhere("Deployment", "demo", "db"), somewhere("Deployment", "demo", "cache")), texts: []string{"kind Deployment: cache and db"}},
		{name: "nothing", codes: "NotFound", x: of(), texts: []string{"Namespace demo has no Deployment at all"}},
		{name: "not known", ask: about("Gadget", "web"), x: of()},
	})
}

func TestOtherKinds(t *testing.T) {
	ask := about("Widget", "web")
	fine := event("Widget", "web", "Synced", "all well")
	fine.Type = corev1.EventTypeNormal
	run(t, []tell{
		{name: "nothing said", ask: ask, x: of(somewhere("Widget", "demo", "web"))},
		{name: "warning", ask: ask, codes: "Warning", x: of(somewhere("Widget", "demo", "web"), event("Widget", "web", "Broken", "no oil")), texts: []string{"Broken: no oil"}},
		{name: "all well", ask: ask, x: of(somewhere("Widget", "demo", "web"), fine)},
		{name: "absent", ask: ask, codes: "NearlyRightName", x: of(somewhere("Widget", "demo", "wbe"))},
	})
}

func TestSelectors(t *testing.T) {
	by := func(kind, key, value string) func(explainer) []Cause {
		return func(x explainer) []Cause { return x.selector(kind, map[string]string{key: value}) }
	}
	labelled := other{"Widget", metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "demo", Labels: map[string]string{"app": "wbe"}}}}
	run(t, []tell{
		{name: "healthy pods", ask: by("Pod", "app", "web"), x: of(pod("a"))},
		{name: "sick pods", ask: by("Pod", "app", "web"), codes: "NotReady CrashLoop", x: of(pod("a", crashed(1, "Error")))},
		{name: "misspelt", ask: by("Pod", "app", "wbe"), codes: "SelectorMismatch", x: of(pod("a"), deployment()), texts: []string{"carry app=web"}},
		{name: "no pods made", ask: by("Pod", "app", "web"), codes: "ScaledToZero", x: of(func() any {
			d, zero := deployment(), int32(0)
			d.Spec.Replicas = &zero
			return d
		}())},
		{name: "widgets", ask: by("Widget", "app", "web"), codes: "SelectorMismatch", x: of(labelled), texts: []string{"Widget w carries app=wbe"}},
		{name: "no widgets", ask: by("Widget", "app", "web"), codes: "NotFound", x: of()},
		{name: "a healthy widget", ask: by("Widget", "app", "wbe"), x: of(labelled)},
		{name: "no namespace", ask: by("Pod", "app", "web"), codes: "MissingNamespace", x: in("x", of())},
	})
}

func TestExact(t *testing.T) {
	tests := map[string]string{
		"app=web": "app=web", "app==web,tier=front": "app=web,tier=front", "app in (web)": "app=web",
		"app in (a,b)": "", "app!=web": "", "app": "", "": "", "((": "",
	}
	for selector, want := range tests {
		if got := pairs(exact(selector)); got != want {
			t.Errorf("exact(%q) = %q, want %q", selector, got, want)
		}
	}
}

package diagnose

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

func selects(key, value string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Spec.Selector = map[string]string{key: value} }
}

func to(port intstr.IntOrString) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Spec.Ports[0].TargetPort = port }
}

func TestServices(t *testing.T) {
	ask := about("Service", "web")
	zero := int32(0)
	abroad := pod("b", func(p *corev1.Pod) { p.Namespace, p.Labels = "default", map[string]string{"tier": "front"} })
	notMade := waiting("CreateContainerConfigError", "")
	run(t, []tell{
		{name: "healthy", ask: ask, x: of(service(), deployment(), pod("a"))},
		{name: "one of two", ask: ask, x: of(service(), pod("a"), pod("b", unready))},
		{name: "external", ask: ask, codes: "ExternalName", x: of(service(external)), texts: []string{"another name for the host db.example.com"}},
		{name: "misspelt label", ask: ask, codes: "NoEndpoints SelectorMismatch", x: of(service(selects("app", "wbe")), deployment(), pod("a")),
			texts: []string{"selects pods with app=wbe", "Deployment web carry app=web", "2 SelectorMismatch: Make them the same: the selector has app=wbe, the pods app=web"}},
		{name: "another key", ask: ask, codes: "NoEndpoints SelectorMismatch", x: of(service(selects("name", "web")), deployment(), pod("a")),
			texts: []string{"the pods have no label name"}},
		{name: "nothing runs", ask: ask, codes: "NoEndpoints SelectorMismatch", x: of(service()), texts: []string{"nothing in namespace demo runs pods"}},
		{name: "pods elsewhere", ask: ask, codes: "NoEndpoints WrongNamespace", x: of(service(selects("tier", "front")), abroad), texts: []string{"run in namespace default"}},
		{name: "no selector", ask: ask, codes: "NoEndpoints NoSelector", x: of(service(func(s *corev1.Service) { s.Spec.Selector = nil }))},
		{name: "scaled to zero", ask: ask, codes: "NoEndpoints ScaledToZero", x: of(service(), deployment(func(d *appsv1.Deployment) { d.Spec.Replicas = &zero }))},
		{name: "to the root", ask: ask, codes: "NoEndpoints NotReady MissingKey", x: of(service(), deployment(), pod("a", notMade, fromConfigMap("A", "c", "a")), configMap(keyed("c", "b")))},
		{name: "on its way", ask: ask, x: of(service(), deployment(), pod("a", waiting("ContainerCreating", "")))},
		{name: "target port by a wrong name", ask: ask, codes: "WrongTargetPort", x: of(service(to(intstr.FromString("htpp"))), pod("a")),
			texts: []string{"leads to port htpp", "listen on 8080 (http)", "Set targetPort of Service web to 8080 (http)"}},
		{name: "target port by name", ask: ask, x: of(service(to(intstr.FromString("http"))), pod("a"))},
		{name: "target port not declared", ask: ask, x: of(service(to(intstr.FromInt32(9000))), pod("a"))},
	})
}

func external(s *corev1.Service) {
	s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "db.example.com"}
}

// TestPinned has Services that select what only the present pods carry.
func TestPinned(t *testing.T) {
	ask := func(x explainer) []Cause { return x.pinned(&x.Services[0]) }
	with := func(key, value string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.Selector[key] = value }
	}
	labelled := pod("a", func(p *corev1.Pod) { p.Labels["tier"] = "front" })
	run(t, []tell{
		{name: "one revision", ask: ask, codes: "SelectorMismatch", x: of(service(with("pod-template-hash", "5d")), deployment(), pod("a")),
			texts: []string{"selects pods with pod-template-hash=5d, and no new pod of Deployment web", "the next one gets another", "Take pod-template-hash out"}},
		{name: "by hand", ask: ask, codes: "SelectorMismatch", x: of(service(with("tier", "front")), deployment(), replicaSet(1), labelled),
			texts: []string{"tier=front", "on the pods themselves"}},
		{name: "all of them", ask: ask, x: of(service(), deployment(), pod("a"))},
		{name: "another workload's", ask: ask, x: of(service(with("tier", "front")), deployment(), pod("a"))},
	})
}

func TestRequests(t *testing.T) {
	fails := func(r Request) func(explainer) []Cause {
		r.Service = "web"
		return func(x explainer) []Cause { return x.request(r) }
	}
	refused := fails(Request{ErrorKind: "dial tcp 10.96.0.7:80: connect: connection refused"})
	policy := &networkingv1.NetworkPolicy{ObjectMeta: objectMeta("deny")}
	changed, minute := keyed("settings", "greeting"), ago(time.Minute)
	changed.ManagedFields = []metav1.ManagedFieldsEntry{{Time: &minute}}
	says := logged{snapshot.LogRef{Pod: "a", Container: "web"}, "no database\n"}
	notMade := waiting("CreateContainerConfigError", "")
	run(t, []tell{
		{name: "no such service", ask: refused, codes: "NotFound", x: of(pod("a"))},
		{name: "nearly", ask: refused, codes: "NearlyRightName", x: of(service(func(s *corev1.Service) { s.Name = "wbe" }))},
		{name: "no such port", ask: fails(Request{Port: "8080", ErrorKind: "timeout"}), codes: "WrongPort", x: of(service(), pod("a")),
			texts: []string{"Service web has no port 8080", "It has: 80", "Set its port to 8080"}},
		{name: "for UDP", ask: refused, codes: "WrongProtocol", x: of(service(func(s *corev1.Service) { s.Spec.Ports[0].Protocol = corev1.ProtocolUDP }), pod("a")),
			texts: []string{"Port 80 of Service web is one for UDP"}},
		{name: "for both", ask: fails(Request{Port: "80", ErrorKind: "refused"}), codes: "ConnectionRefused WrongTargetPort", x: of(service(func(s *corev1.Service) {
			s.Spec.Ports = append([]corev1.ServicePort{{Port: 80, Protocol: corev1.ProtocolUDP}}, s.Spec.Ports...)
		}), pod("a"))},
		{name: "headless", ask: refused, codes: "ConnectionRefused HeadlessPort", x: of(service(func(s *corev1.Service) { s.Spec.ClusterIP = "None" }), pod("a")),
			texts: []string{"asks them on port 80", "maps no ports: targetPort 8080 is of no effect"}},
		{name: "another name", ask: refused, codes: "ExternalName", x: of(service(external), pod("a"))},
		{name: "no endpoints", ask: refused, codes: "NoEndpoints SelectorMismatch", x: of(service(selects("app", "wbe")), pod("a"))},
		{name: "wrong target port", ask: refused, codes: "ConnectionRefused WrongTargetPort", x: of(service(to(intstr.FromInt32(9000))), pod("a")),
			texts: []string{"leads to port 9000", "not on 9000", "to 8080"}},
		{name: "nobody listens", ask: refused, codes: "ConnectionRefused WrongTargetPort", x: of(service(), pod("a")), texts: []string{"On which port do the pods really listen?"}},
		{name: "policy", ask: fails(Request{ErrorKind: "timeout"}), codes: "TimedOut NetworkPolicy", x: of(service(), pod("a"), policy)},
		{name: "unreachable", ask: fails(Request{ErrorKind: "unreachable"}), x: of(service(), pod("a"))},
		{name: "slow", ask: fails(Request{ErrorKind: "context deadline exceeded"}), codes: "TimedOut", x: of(service(), pod("a"))},
		{name: "dns", ask: fails(Request{ErrorKind: "dns"}), codes: "UnknownHost", x: of(service(), pod("a"))},
		{name: "404", ask: fails(Request{Status: 404, Path: "/hello"}), codes: "WrongPath", x: of(service(), pod("a")), texts: []string{"/hello"}},
		{name: "500", ask: fails(Request{Status: 500}), codes: "AppError", x: of(service(), pod("a"), says), texts: []string{"no database"}},
		{name: "one pod of two", ask: fails(Request{ErrorKind: "reset"}), codes: "CrashLoop", x: of(service(), pod("a"), pod("b", crashed(1, "Error")))},
		{name: "200 with the wrong body", ask: fails(Request{Status: 200}), x: of(service(), pod("a"))},
		{name: "an old greeting", ask: fails(Request{Status: 200}), codes: "StaleEnvironment",
			x:     of(service(), deployment(), replicaSet(1), pod("a", fromConfigMap("GREETING", "settings", "greeting")), configMap(changed)),
			texts: []string{"0 StaleEnvironment: Pod a was started before ConfigMap settings was changed", "by variable GREETING", "rollout restart deployment/web -n demo"}},
		{name: "an old password", ask: fails(Request{Status: 401}), codes: "StaleEnvironment",
			x: of(service(), pod("a", fromSecret("T", "settings", "greeting")), secret(changed))},
		{name: "the present greeting", ask: fails(Request{Status: 200}),
			x: of(service(), pod("a", fromConfigMap("GREETING", "settings", "greeting")), configMap(keyed("settings", "greeting")))},
		{name: "to the root", ask: refused, codes: "NoEndpoints NotReady MissingSecret", x: of(service(), pod("a", notMade, fromSecret("A", "s", "a")))},
	})
}

package diagnose

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// now is when every snapshot of these tests is taken.
func now() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now().Add(-d)) }

// of makes a snapshot of namespace demo, on a node of 2 CPU, of these objects.
func of(objects ...any) explainer {
	s := &snapshot.Snapshot{Namespace: "demo", Taken: now(), Logs: map[snapshot.LogRef]string{}}
	s.Kinds = map[string][]metav1.PartialObjectMetadata{}
	for _, kind := range []string{"Pod", "Deployment", "Service", "ConfigMap", "StatefulSet", "Job", "Widget", "Namespace"} {
		s.Kinds[kind] = nil
	}
	for _, name := range []string{"default", "demo", "kube-system"} {
		s.Namespaces = append(s.Namespaces, corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	for _, object := range append([]any{node("node-1")}, objects...) {
		add(s, object)
	}
	return explainer{s}
}

func add(s *snapshot.Snapshot, object any) {
	switch o := object.(type) {
	case *corev1.Node:
		s.Nodes = slices.DeleteFunc(s.Nodes, func(n corev1.Node) bool { return n.Name == o.Name })
		s.Nodes = append(s.Nodes, *o)
	case *corev1.Pod:
		s.AllPods = append(s.AllPods, *o)
		know(s, "Pod", o)
	case *corev1.Service:
		s.Services = append(s.Services, *o)
		know(s, "Service", o)
	case *appsv1.Deployment:
		s.Deployments = append(s.Deployments, *o)
		know(s, "Deployment", o)
	case *appsv1.ReplicaSet:
		s.ReplicaSets = append(s.ReplicaSets, *o)
	case *appsv1.StatefulSet:
		s.StatefulSets = append(s.StatefulSets, *o)
	case *appsv1.DaemonSet:
		s.DaemonSets = append(s.DaemonSets, *o)
	case *batchv1.Job:
		s.Jobs = append(s.Jobs, *o)
	case *batchv1.CronJob:
		s.CronJobs = append(s.CronJobs, *o)
	case *corev1.PersistentVolumeClaim:
		s.Claims = append(s.Claims, *o)
	case *storagev1.StorageClass:
		s.StorageClasses = append(s.StorageClasses, *o)
	case *corev1.ResourceQuota:
		s.Quotas = append(s.Quotas, *o)
	case *corev1.ServiceAccount:
		s.ServiceAccounts = append(s.ServiceAccounts, *o)
	case *networkingv1.NetworkPolicy:
		s.NetworkPolicies = append(s.NetworkPolicies, *o)
	case *corev1.Event:
		s.Events = append(s.Events, *o)
	case configMap:
		s.ConfigMaps = append(s.ConfigMaps, snapshot.Keyed(o))
	case secret:
		s.Secrets = append(s.Secrets, snapshot.Keyed(o))
	case logged:
		s.Logs[o.ref] = o.text
	case *snapshot.Rights:
		s.Rights = o
	case other:
		s.Kinds[o.kind] = append(s.Kinds[o.kind], o.object)
	default:
		panic(fmt.Sprintf("no place for a %T", object))
	}
}

func know(s *snapshot.Snapshot, kind string, o metav1.Object) {
	add(s, other{kind, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Name: o.GetName(), Namespace: o.GetNamespace(), Labels: o.GetLabels(),
	}}})
}

// other is an object of which only the metadata is known.
type other struct {
	kind   string
	object metav1.PartialObjectMetadata
}

func somewhere(kind, namespace, name string) other {
	return other{kind, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}}}
}

type logged struct {
	ref  snapshot.LogRef
	text string
}

type (
	configMap snapshot.Keyed
	secret    snapshot.Keyed
)

func keyed(name string, keys ...string) snapshot.Keyed {
	k := snapshot.Keyed{ObjectMeta: objectMeta(name)}
	k.Data = map[string]json.RawMessage{}
	for _, key := range keys {
		k.Data[key] = nil
	}
	return k
}

func objectMeta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: "demo", UID: types.UID(name), Generation: 1,
		CreationTimestamp: ago(10 * time.Minute), Labels: map[string]string{"app": "web"},
	}
}

func ownedBy(kind, name string) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{Kind: kind, Name: name, UID: types.UID(name), Controller: &yes}}
}

func node(name string, change ...func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"disk": "ssd"}}}
	n.Status.Allocatable = corev1.ResourceList{"cpu": resource.MustParse("2"), "memory": resource.MustParse("4Gi"), "pods": resource.MustParse("110")}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	n.Status.Images = []corev1.ContainerImage{{Names: []string{"labctl.dev/web@sha256:aa", "labctl.dev/web:v1"}}, {Names: []string{"labctl.dev/web:v2"}}, {Names: []string{"labctl.dev/load:v1"}}}
	for _, c := range change {
		c(n)
	}
	return n
}

// pod is one that has been Ready for minutes, of the Deployment's ReplicaSet
// web-1, until it is changed.
func pod(name string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: objectMeta(name)}
	p.OwnerReferences = ownedBy("ReplicaSet", "web-1")
	p.Spec.NodeName = "node-1"
	p.Spec.RestartPolicy = corev1.RestartPolicyAlways
	p.Spec.Containers = []corev1.Container{{
		Name: "web", Image: "labctl.dev/web:v1",
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
	}}
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "web", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(9 * time.Minute)}},
	}}
	for _, c := range change {
		c(p)
	}
	return p
}

// unready is a pod of which nothing is known but that it is not Ready.
func unready(p *corev1.Pod) {
	p.Status.Conditions[1].Status = corev1.ConditionFalse
	p.Status.ContainerStatuses[0].Ready = false
}

func waiting(reason, text string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		unready(p)
		p.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: text}}
	}
}

// crashed is a pod whose container waits for its next start.
func crashed(code int32, reason string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		waiting("CrashLoopBackOff", "back-off 40s")(p)
		p.Status.ContainerStatuses[0].RestartCount = 4
		p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
			ExitCode: code, Reason: reason, StartedAt: ago(50 * time.Second), FinishedAt: ago(40 * time.Second),
		}
	}
}

func unplaced(text string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.NodeName = ""
		p.Status.Phase = corev1.PodPending
		p.Status.ContainerStatuses = nil
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: text}}
	}
}

func with(change func(c *corev1.Container)) func(*corev1.Pod) {
	return func(p *corev1.Pod) { change(&p.Spec.Containers[0]) }
}

func event(kind, name, reason, text string) *corev1.Event {
	e := &corev1.Event{Reason: reason, Message: text, Type: corev1.EventTypeWarning, LastTimestamp: ago(10 * time.Second), Count: 3}
	e.InvolvedObject = corev1.ObjectReference{Kind: kind, Name: name, FieldPath: "spec.containers{web}"}
	return e
}

func service(change ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{ObjectMeta: objectMeta("web")}
	s.Spec.Selector = map[string]string{"app": "web"}
	s.Spec.Ports = []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}
	for _, c := range change {
		c(s)
	}
	return s
}

// deployment is one of three replicas, rolled out, with its ReplicaSet.
func deployment(change ...func(*appsv1.Deployment)) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: objectMeta("web")}
	three := int32(3)
	d.Spec.Replicas = &three
	d.Spec.Template.Labels = map[string]string{"app": "web"}
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3}
	for _, c := range change {
		c(d)
	}
	return d
}

func replicaSet(made int32) *appsv1.ReplicaSet {
	r := &appsv1.ReplicaSet{ObjectMeta: objectMeta("web-1")}
	three := int32(3)
	r.Spec.Replicas, r.Status.Replicas = &three, made
	r.Annotations = map[string]string{"deployment.kubernetes.io/revision": "1"}
	r.OwnerReferences = ownedBy("Deployment", "web")
	return r
}

// codes writes the chain's codes, each once in a row: "NoEndpoints NotReady".
func codes(chain []Cause) string {
	var list []string
	for _, c := range chain {
		list = append(list, c.Code)
	}
	return strings.Join(slices.Compact(list), " ")
}

func texts(chain []Cause) string {
	var b strings.Builder
	for _, c := range chain {
		fmt.Fprintf(&b, "%d %s: %s\n", c.Spoiler, c.Code, c.Text)
	}
	return b.String()
}

// tell is one question to a snapshot and what has to be answered.
type tell struct {
	name  string
	x     explainer
	ask   func(explainer) []Cause // the Deployment web if left out
	codes string
	texts []string
}

func run(t *testing.T, tests []tell) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ask := test.ask
			if ask == nil {
				ask = about("Deployment", "web")
			}
			chain := ask(test.x)
			if got := codes(chain); got != test.codes {
				t.Errorf("codes %q, want %q; told:\n%s", got, test.codes, texts(chain))
			}
			for _, text := range test.texts {
				if !strings.Contains(texts(chain), text) {
					t.Errorf("nothing says %q; told:\n%s", text, texts(chain))
				}
			}
		})
	}
}

func about(kind, name string) func(explainer) []Cause {
	return func(x explainer) []Cause { return x.object(kind, name) }
}

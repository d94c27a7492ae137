package diagnose

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1 "k8s.io/api/core/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// explainer explains what a snapshot shows. Its methods are pure: they read the
// snapshot and say what they miss by its Wants.
type explainer struct{ *snapshot.Snapshot }

// object explains why the object does not do what it should; nil if it does, or
// is on its way.
func (x explainer) object(kind, name string) []Cause {
	switch kind {
	case "Pod":
		return explain(x, kind, name, x.Pod(name), x.podAlone)
	case "Deployment":
		return explain(x, kind, name, snapshot.Named(x.Deployments, name), x.deployment)
	case "ReplicaSet":
		return explain(x, kind, name, snapshot.Named(x.ReplicaSets, name), x.replicaSet)
	case "StatefulSet":
		return explain(x, kind, name, snapshot.Named(x.StatefulSets, name), x.statefulSet)
	case "DaemonSet":
		return explain(x, kind, name, snapshot.Named(x.DaemonSets, name), x.daemonSet)
	case "Job":
		return explain(x, kind, name, snapshot.Named(x.Jobs, name), x.job)
	case "CronJob":
		return explain(x, kind, name, snapshot.Named(x.CronJobs, name), x.cronJob)
	case "Service":
		return explain(x, kind, name, snapshot.Named(x.Services, name), x.service)
	case "PersistentVolumeClaim":
		return explain(x, kind, name, snapshot.Named(x.Claims, name), x.claim)
	case "Node":
		return explain(x, kind, name, snapshot.Named(x.Nodes, name), x.node)
	}
	return x.other(kind, name)
}

// explain asks how for the object, or why it is absent.
func explain[T any](x explainer, kind, name string, found *T, how func(*T) []Cause) []Cause {
	if found == nil {
		return x.absent(kind, name)
	}
	if stuck := x.terminating(kind, any(found).(metav1.Object)); stuck != nil {
		return stuck
	}
	return how(found)
}

// other explains kinds that are not known here: absent, or by the newest
// warning about them.
func (x explainer) other(kind, name string) []Cause {
	objects, known := x.Kind(kind)
	if !known {
		return nil
	}
	for _, o := range objects {
		if o.Name == name && (o.Namespace == x.Namespace || o.Namespace == "") {
			return x.warning(kind, name)
		}
	}
	return x.absent(kind, name)
}

func (x explainer) warning(kind, name string) []Cause {
	latest := snapshot.Latest(x.EventsOf(kind, name), func(*corev1.Event) bool { return true })
	if latest == nil || latest.Type != corev1.EventTypeWarning {
		return nil
	}
	return []Cause{
		seen(Warning, "%s %s: %s: %s", kind, name, latest.Reason, latest.Message),
		look(Warning, "See the events: %s", x.kubectl("describe %s %s", kind, name)),
	}
}

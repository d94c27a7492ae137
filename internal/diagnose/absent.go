package diagnose

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/diagnose/near"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// absent explains why an object is not where it is looked for.
func (x explainer) absent(kind, name string) []Cause {
	if chain := x.noNamespace(); chain != nil && kind != "Namespace" {
		return chain
	}
	objects, known := x.Kind(kind)
	if !known {
		return nil
	}
	here, elsewhere := x.sort(objects)
	for _, explanation := range []func() []Cause{
		func() []Cause { return x.wrongNamespace(kind, name, elsewhere) },
		func() []Cause { return x.wrongKind(kind, name) },
		func() []Cause { return x.nearlyRight(kind, name, here) },
		func() []Cause { return x.notAdmitted(kind) },
		func() []Cause { return x.deleted(kind, name) },
		func() []Cause { return x.nearlyElsewhere(kind, name, elsewhere) },
	} {
		if chain := explanation(); chain != nil {
			return chain
		}
	}
	return x.notFound(kind, here)
}

// noNamespace explains a namespace that is not there.
func (x explainer) noNamespace() []Cause {
	if x.Namespace == "" || snapshot.Named(x.Namespaces, x.Namespace) != nil {
		return nil
	}
	chain := []Cause{seen(MissingNamespace, "There is no namespace %s.", x.Namespace)}
	if nearest, ok := near.Best(x.Namespace, snapshot.Names(x.Namespaces)); ok {
		chain = append(chain, look(MissingNamespace, "There is one of nearly that name: %s.", nearest))
	}
	return append(chain, fix(MissingNamespace, "kubectl create namespace %s", x.Namespace))
}

// sort parts the names that are here from the objects of other namespaces,
// leaving out the system's.
func (x explainer) sort(objects []metav1.PartialObjectMetadata) (here []string, elsewhere []metav1.PartialObjectMetadata) {
	for _, o := range objects {
		switch {
		case o.Namespace == x.Namespace || o.Namespace == "":
			here = append(here, o.Name)
		case !isSystem(o.Namespace):
			elsewhere = append(elsewhere, o)
		}
	}
	return here, elsewhere
}

func (x explainer) wrongNamespace(kind, name string, elsewhere []metav1.PartialObjectMetadata) []Cause {
	var where []string
	for _, o := range elsewhere {
		if o.Name == name {
			where = append(where, o.Namespace)
		}
	}
	if len(where) == 0 {
		return nil
	}
	return []Cause{
		seen(WrongNamespace, "%s %s is not in namespace %s, but there is one in namespace %s.", kind, name, x.Namespace, and(where)),
		look(WrongNamespace, "See: kubectl get %s -A", lower(kind)),
		fix(WrongNamespace, "Make it in namespace %s: with -n %s, or metadata.namespace in its file.", x.Namespace, x.Namespace),
	}
}

// wrongKind looks for the name among the kinds that people mix up.
func (x explainer) wrongKind(kind, name string) []Cause {
	for _, family := range []map[string][]string{
		{
			"Deployment": snapshot.Names(x.Deployments), "StatefulSet": snapshot.Names(x.StatefulSets),
			"DaemonSet": snapshot.Names(x.DaemonSets), "ReplicaSet": snapshot.Names(x.ReplicaSets),
			"Job": snapshot.Names(x.Jobs), "CronJob": snapshot.Names(x.CronJobs), "Pod": x.podNames(),
		},
		{"ConfigMap": snapshot.Names(x.ConfigMaps), "Secret": snapshot.Names(x.Secrets)},
	} {
		if _, ok := family[kind]; !ok {
			continue
		}
		for other, names := range family {
			if other != kind && slices.Contains(names, name) {
				return []Cause{
					seen(WrongKind, "There is no %s %s, but there is a %s of that name.", kind, name, other),
					fix(WrongKind, "Make a %s called %s.", kind, name),
				}
			}
		}
	}
	return nil
}

func (x explainer) podNames() []string {
	var names []string
	for _, p := range x.Pods(func(*corev1.Pod) bool { return true }) {
		names = append(names, p.Name)
	}
	return names
}

func (x explainer) nearlyRight(kind, name string, here []string) []Cause {
	nearest, ok := near.Best(name, here)
	if !ok {
		return nil
	}
	return []Cause{
		seen(NearlyRightName, "There is no %s %s in namespace %s, but one of nearly that name.", kind, name, x.Namespace),
		look(NearlyRightName, "It is called %s.", nearest),
		fix(NearlyRightName, "A name cannot be changed: make %s %s anew as %s.", lower(kind), nearest, name),
	}
}

// notAdmitted explains a Pod that the namespace has no room for. Nothing in the
// cluster remembers who was refused: only that the quota is used up.
func (x explainer) notAdmitted(kind string) []Cause {
	for i := range x.Quotas {
		q := &x.Quotas[i]
		for name, hard := range q.Status.Hard {
			used := q.Status.Used[name]
			if !counts(string(name), kind) || used.Cmp(hard) < 0 {
				continue
			}
			return []Cause{
				seen(QuotaExceeded, "ResourceQuota %s of namespace %s is used up: %s %s of %s.", q.Name, x.Namespace, name, used.String(), hard.String()),
				look(QuotaExceeded, "See what uses it up: %s", x.kubectl("describe quota %s", q.Name)),
			}
		}
	}
	return nil
}

// counts says whether a quota on this resource limits how many of a kind there
// can be.
func counts(resource, kind string) bool {
	plural := lower(kind) + "s"
	return resource == plural || resource == "count/"+plural || strings.HasPrefix(resource, "count/"+plural+".")
}

// deleted explains an object that was there: events about it are left.
func (x explainer) deleted(kind, name string) []Cause {
	last := snapshot.Latest(x.EventsOf(kind, name), func(*corev1.Event) bool { return true })
	if last == nil {
		return nil
	}
	return []Cause{
		seen(Deleted, "%s %s was there and has been deleted; its last event was %s: %s", kind, name, last.Reason, trimDetail(last.Message)),
		look(Deleted, "See its events: %s", x.kubectl("get events --field-selector involvedObject.name=%s", name)),
	}
}

func (x explainer) nearlyElsewhere(kind, name string, elsewhere []metav1.PartialObjectMetadata) []Cause {
	var names []string
	for _, o := range elsewhere {
		names = append(names, o.Name)
	}
	nearest, ok := near.Best(name, names)
	if !ok {
		return nil
	}
	where := elsewhere[slices.Index(names, nearest)].Namespace
	return []Cause{seen(WrongNamespace, "There is no %s %s in namespace %s; %s of namespace %s is the nearest.", kind, name, x.Namespace, nearest, where)}
}

func (x explainer) notFound(kind string, here []string) []Cause {
	if len(here) == 0 {
		return []Cause{seen(NotFound, "%s has no %s at all.", x.place(), kind)}
	}
	return []Cause{seen(NotFound, "%s has other objects of kind %s: %s.", x.place(), kind, and(sorted(here)))}
}

func (x explainer) place() string {
	if x.Namespace == "" {
		return "The cluster"
	}
	return "Namespace " + x.Namespace
}

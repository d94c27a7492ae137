package snapshot

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/kube"
)

// logLines is how much of a log is read: enough for a stack's last words.
const logLines = 20

// maxLogs is how many logs one fetch reads. Replicas tell the same story.
const maxLogs = 12

// Fetch brings what a diagnosis wanted. A log that cannot be read is empty;
// rights and kinds that cannot be read stay unknown, lest anybody take them
// for missing.
func (s *Snapshot) Fetch(ctx context.Context, client *kube.Client, wants Wants) {
	var reads []read
	if s.Logs == nil {
		s.Logs = map[LogRef]string{}
	}
	if s.Kinds == nil {
		s.Kinds = map[string][]metav1.PartialObjectMetadata{}
	}
	var mu sync.Mutex // guards both maps
	for i, ref := range wants.Logs {
		s.Logs[ref] = ""
		if i < maxLogs {
			reads = append(reads, s.readLog(client, ref, &mu))
		}
	}
	for _, kind := range wants.Kinds {
		reads = append(reads, s.readKind(client, kind, &mu))
	}
	if wants.Rights {
		reads = append(reads, s.readRights(client))
	}
	_ = all(ctx, reads...) // see above: what failed stays unknown
}

func (s *Snapshot) readLog(client *kube.Client, ref LogRef, mu *sync.Mutex) read {
	return func(ctx context.Context) error {
		lines := int64(logLines)
		raw, err := client.Typed.CoreV1().Pods(s.Namespace).GetLogs(ref.Pod, &corev1.PodLogOptions{
			Container: ref.Container, Previous: ref.Previous, TailLines: &lines,
		}).DoRaw(ctx)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		s.Logs[ref] = string(raw)
		return nil
	}
}

func (s *Snapshot) readKind(client *kube.Client, kind string, mu *sync.Mutex) read {
	return func(ctx context.Context) error {
		objects, err := client.List(ctx, kind, "", "*", "")
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		known := []metav1.PartialObjectMetadata{}
		for _, o := range objects {
			known = append(known, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
				Name: o.GetName(), Namespace: o.GetNamespace(), Labels: o.GetLabels(),
			}})
		}
		s.Kinds[kind] = known
		return nil
	}
}

// readRights reads all four kinds or leaves none: half of them would accuse
// the wrong one.
func (s *Snapshot) readRights(client *kube.Client) read {
	return func(ctx context.Context) error {
		rbac, rights := client.Typed.RbacV1().RESTClient(), &Rights{}
		err := all(ctx,
			list(rbac, "roles", "", &rights.Roles),
			list(rbac, "rolebindings", "", &rights.RoleBindings),
			list(rbac, "clusterroles", "", &rights.ClusterRoles),
			list(rbac, "clusterrolebindings", "", &rights.ClusterRoleBindings),
		)
		if err == nil {
			s.Rights = rights
		}
		return err
	}
}

package probe

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// events reads what the cluster noted about an object.
type events struct {
	env  *Env
	spec lab.EventsProbe
}

// Look lists the events of the namespace and keeps the ones asked for.
func (e *events) Look(ctx context.Context) (Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	namespace := e.env.namespace(e.spec.Namespace)
	all, err := e.env.Client.Typed.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return Observation{}, fmt.Errorf("read the events: %w", err)
	}
	items := []any{}
	for i := range all.Items {
		if ev := &all.Items[i]; e.wants(ev) {
			items = append(items, map[string]any{
				"type": ev.Type, "reason": ev.Reason, "message": ev.Message, "count": int64(max(count(ev), 1)),
				"of": strings.ToLower(ev.InvolvedObject.Kind) + "/" + ev.InvolvedObject.Name,
			})
		}
	}
	return Observation{
		Self: map[string]any{"items": items}, Found: len(items) > 0, Behaviour: true,
		Missing: "there is no such event", Summary: fmt.Sprintf("%d events", len(items)),
		About: About{Subject: progress.Subject{Kind: "Event", Found: len(items) > 0}, Namespace: namespace},
	}, nil
}

func (e *events) wants(ev *corev1.Event) bool {
	if e.spec.Reason != "" && ev.Reason != e.spec.Reason {
		return false
	}
	if e.spec.Of == "" {
		return true
	}
	kind, name := kube.SplitOf(e.spec.Of)
	return strings.EqualFold(ev.InvolvedObject.Kind, kind) && ev.InvolvedObject.Name == name
}

func count(ev *corev1.Event) int32 {
	if ev.Series != nil {
		return ev.Series.Count
	}
	return ev.Count
}

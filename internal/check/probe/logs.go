package probe

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"labctl.dev/labctl/internal/lab"
)

// logs reads what containers printed.
type logs struct {
	env  *Env
	spec lab.LogsProbe
}

// Look reads the last lines of every pod of the owner, running or not.
func (l *logs) Look(ctx context.Context) (Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	pods, o, err := podsOf(ctx, l.env, l.spec.Namespace, l.spec.Of)
	if err != nil || !o.Found {
		return o, err
	}
	lines := []any{}
	for i := range pods {
		text, err := l.read(ctx, &pods[i])
		if err != nil {
			return Observation{}, err
		}
		for line := range strings.Lines(text) {
			lines = append(lines, strings.TrimRight(line, "\r\n"))
		}
	}
	o.Found = len(lines) > 0
	o.Missing = "nothing was printed by " + l.spec.Of
	o.Summary = fmt.Sprintf("%d lines of %d pods", len(lines), len(pods))
	texts := make([]string, len(lines))
	for i := range lines {
		texts[i] = lines[i].(string)
	}
	o.Self = map[string]any{"lines": lines, "text": strings.Join(texts, "\n")}
	return o, nil
}

// read returns a container's log. One that has not started has none.
func (l *logs) read(ctx context.Context, pod *corev1.Pod) (string, error) {
	container, ok := containerOf(pod, l.spec.Container)
	if !ok {
		return "", nil
	}
	tail := int64(500)
	if l.spec.Tail > 0 {
		tail = int64(l.spec.Tail)
	}
	most := int64(maxOutput) // of lines as long as the learner's program likes
	raw, err := l.env.Client.Typed.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
		Container: container, Previous: l.spec.Previous, TailLines: &tail, LimitBytes: &most,
	}).DoRaw(ctx)
	if apierrors.IsNotFound(err) || apierrors.IsBadRequest(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the log of pod %s: %w", pod.Name, err)
	}
	return string(raw), nil
}

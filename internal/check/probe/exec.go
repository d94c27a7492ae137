package probe

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// exec runs a command in the learner's containers.
type exec struct {
	env  *Env
	spec lab.ExecProbe
}

// Look runs the command in one running pod, or in all.
func (e *exec) Look(ctx context.Context) (Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*lookTime)
	defer cancel()
	pods, o, err := podsOf(ctx, e.env, e.spec.Namespace, e.spec.Of)
	if err != nil || !o.Found {
		return o, err
	}
	pods = running(pods, e.spec.Container)
	if len(pods) == 0 {
		o.miss("no pod of %s is running", e.spec.Of)
		return o, nil
	}
	if !e.spec.All {
		pods = pods[:1]
	}
	results, gone, err := e.runAll(ctx, pods)
	if gone != "" {
		o.miss("pod %s stopped running", gone)
		return o, nil
	}
	if err != nil {
		return Observation{}, err
	}
	o.Summary = fmt.Sprintf("exit code %v", results[0].(map[string]any)["exitCode"])
	o.Self = results[0]
	if e.spec.All {
		o.Self = map[string]any{"results": results}
		o.Summary = fmt.Sprintf("ran in %d pods", len(results))
	}
	return o, nil
}

// parallel is in how many pods a command runs at once.
const parallel = 4

// runAll runs the command in each of these pods. The second result names one that
// is not there any more to run anything.
func (e *exec) runAll(ctx context.Context, pods []corev1.Pod) ([]any, string, error) {
	results, failures, vanished := make([]any, len(pods)), make([]error, len(pods)), make([]bool, len(pods))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i := range pods {
		group.Go(func() error {
			results[i], failures[i] = e.run(ctx, &pods[i])
			vanished[i] = failures[i] != nil && e.vanished(ctx, &pods[i])
			return nil
		})
	}
	_ = group.Wait() // each has its own failure
	for i, err := range failures {
		if vanished[i] {
			return nil, pods[i].Name, nil
		}
		if err != nil {
			return nil, "", err
		}
	}
	return results, "", nil
}

// maxOutput is how much of a command's output is kept.
const maxOutput = 1 << 20

func (e *exec) run(ctx context.Context, pod *corev1.Pod) (map[string]any, error) {
	container, _ := containerOf(pod, e.spec.Container)
	var out, said limited
	code, err := e.env.Client.Exec(ctx, kube.Command{
		Namespace: pod.Namespace, Pod: pod.Name, Container: container, Argv: e.spec.Command, Stdout: &out, Stderr: &said,
	})
	if kube.NotExecutable(err) {
		code, err = 127, nil
		said.WriteString(e.spec.Command[0] + ": not found in the container")
	}
	if err != nil {
		return nil, fmt.Errorf("run %q in pod %s: %w", e.spec.Command, pod.Name, err)
	}
	return map[string]any{
		"pod": pod.Name, "exitCode": int64(code), "stdout": out.String(), "stderr": said.String(), "json": jsonOf(out.String()),
	}, nil
}

// vanished tells whether the container is not there any more to run anything.
func (e *exec) vanished(ctx context.Context, was *corev1.Pod) bool {
	now, err := e.env.Client.Typed.CoreV1().Pods(was.Namespace).Get(ctx, was.Name, metav1.GetOptions{})
	if err != nil {
		return apierrors.IsNotFound(err)
	}
	return len(running([]corev1.Pod{*now}, e.spec.Container)) == 0 || restarts(now) != restarts(was)
}

func restarts(pod *corev1.Pod) (n int32) {
	for _, c := range pod.Status.ContainerStatuses {
		n += c.RestartCount
	}
	return n
}

// limited is a buffer that keeps the start of what is written to it.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if room := maxOutput - l.Len(); room > 0 {
		l.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

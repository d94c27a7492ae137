package stimulus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// exec runs a command in the learner's containers.
type exec struct {
	env     *Env
	spec    lab.ExecStimulus
	targets []undo.Exec // with the command to undo
}

// Plan chooses the pods, the oldest first.
func (e *exec) Plan(ctx context.Context) (undo.Record, error) {
	namespace := e.env.namespace(e.spec.Namespace)
	pods, err := e.env.Client.PodsOf(ctx, namespace, e.spec.Of)
	if err != nil {
		kind, name := kube.SplitOf(e.spec.Of)
		return undo.Record{}, orAbsent(err, namespace, kind, name)
	}
	slices.SortStableFunc(pods, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	for i := range pods {
		p := &pods[i]
		container := e.spec.Container
		if container == "" {
			container = p.Spec.Containers[0].Name
		}
		id, running := undo.ContainerID(p, container)
		if running && p.DeletionTimestamp == nil && len(e.targets) < max(e.spec.Count, 1) {
			e.targets = append(e.targets, undo.Exec{
				Namespace: namespace, Pod: p.Name, UID: p.UID, Container: container, ContainerID: id, Command: e.spec.Undo,
				Ready: undo.Ready(p),
			})
		}
	}
	if len(e.targets) < max(e.spec.Count, 1) {
		return undo.Record{}, &Failure{
			Code: NotReady, Message: fmt.Sprintf("%d running pods of %s are needed, and there are %d", max(e.spec.Count, 1), e.spec.Of, len(e.targets)),
			About: about(namespace, "Pod", "", false),
		}
	}
	r := undo.Record{}
	if len(e.spec.Undo) > 0 {
		r.Execs = e.targets
		kind, name := kube.SplitOf(e.spec.Of)
		r.Settle = []undo.Ref{{Kind: kind, Namespace: namespace, Name: name}}
	}
	return r, nil
}

// execTime is how long the command may take in all pods together.
const execTime = 30 * time.Second

// Do runs the command, which has to succeed: one that did nothing would have the
// expectations blame the learner for what did not happen.
func (e *exec) Do(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, execTime)
	defer cancel()
	for _, t := range e.targets {
		said := &lastWords{}
		code, err := e.env.Client.Exec(ctx, kube.Command{
			Namespace: t.Namespace, Pod: t.Pod, Container: t.Container, Argv: e.spec.Command, Stdout: said, Stderr: said,
		})
		if kube.NotExecutable(err) {
			return &Failure{
				Code: NotReady, Message: fmt.Sprintf("container %s of pod %s has no program %s", t.Container, t.Pod, e.spec.Command[0]),
				About: about(t.Namespace, "Pod", t.Pod, true),
			}
		}
		if err != nil {
			return fmt.Errorf("run %q in pod %s: %w", e.spec.Command, t.Pod, err)
		}
		if f := e.unsuccessful(t, code, said.String()); f != nil {
			return f
		}
	}
	return nil
}

// signalled is what exit codes of programs that a signal ended are above: "kill 1"
// may well take its own caller along, and that is success.
const signalled = 128

// unsuccessful is the failure of a command that did not do what it was to do.
func (e *exec) unsuccessful(t undo.Exec, code int, said string) *Failure {
	if code == 0 || code > signalled {
		return nil
	}
	f := &Failure{
		Code: CommandFailed, About: about(t.Namespace, "Pod", t.Pod, true),
		Message: fmt.Sprintf("the command that this check runs in container %s of pod %s failed: %q ended with exit code %d",
			t.Container, t.Pod, strings.Join(e.spec.Command, " "), code),
	}
	if words := message.Tail(said, 1); len(words) > 0 {
		f.Message += ": " + words[0]
	}
	return f
}

// lastWords keeps the end of what a command prints, on both its streams at once.
type lastWords struct {
	mu   sync.Mutex
	said []byte
}

const maxWords = 4 << 10

func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, p...)
	l.said = l.said[max(0, len(l.said)-maxWords):]
	return len(p), nil
}

func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.said)
}

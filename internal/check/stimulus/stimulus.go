// Package stimulus holds the verbs of `while` and `when`: what a check does to
// the cluster. Each says how to undo it before it does anything.
package stimulus

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"labctl.dev/labctl/internal/check/load"
	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// Stimulus is one thing to do. Plan comes first, then Do, each once.
type Stimulus interface {
	// Plan looks at what is there and says how to take back what Do will do. It
	// changes nothing.
	Plan(context.Context) (undo.Record, error)
	// Do does it, and waits until it has taken effect.
	Do(context.Context) error
}

// Failure is the error of a stimulus that the learner's work makes impossible.
// Every other error is the environment's or the checker's.
type Failure struct {
	Code    string // one of those below
	Message string
	// Moving says that the work was still on its way when patience ended.
	Moving bool
	About  probe.About
	// Refusal is what the API answered when the code is Refused.
	Refusal error
}

func (f *Failure) Error() string { return f.Message }

// The codes of failures.
const (
	NotFound     = "NotFound"     // what the stimulus works on is not there
	RolloutStuck = "RolloutStuck" // a rollout did not complete
	DrainBlocked = "DrainBlocked" // a node could not be drained
	NotReady     = "NotReady"     // there is no running pod to work on
	Refused      = "Refused"      // the API refuses what the stimulus asks for
	// UnclearContainer: it cannot be told which container a rollout is about.
	UnclearContainer = "UnclearContainer"
	// CommandFailed: a command inside a container came to nothing.
	CommandFailed = "CommandFailed"
	// ComposeFailed: Compose cannot bring the learner's project up.
	ComposeFailed = "ComposeFailed"
)

// Env is what stimuli work with.
type Env struct {
	Client    *kube.Client
	Docker    *container.Client // nil without Docker
	Namespace string
	// Workspace is the learner's directory.
	Workspace string
	// Compose runs docker compose in a directory.
	Compose func(context.Context, Compose) (code int, err error)
	Prober  *prober.Prober
	// Read reads a file of the lab, references filled in.
	Read func(file string) ([]byte, error)
	// Loaded takes a load that has begun; whoever takes it stops it.
	Loaded func(name string, l *load.Load)
}

func (e *Env) namespace(named string) string {
	if named == "" {
		return e.Namespace
	}
	return named
}

// Of returns the stimulus for a lab's words: the one list of all there are.
func Of(env *Env, s lab.Stimulus) (Stimulus, error) {
	switch {
	case s.Apply != nil:
		return &apply{env: env, spec: *s.Apply}, nil
	case s.Delete != nil:
		return &deletion{env: env, spec: *s.Delete}, nil
	case s.Scale != nil:
		return &scale{env: env, spec: *s.Scale}, nil
	case s.Rollout != nil:
		return &rollout{env: env, spec: *s.Rollout}, nil
	case s.Load != nil:
		return &loading{env: env, spec: *s.Load}, nil
	case s.Drain != nil:
		return &drain{env: env, spec: *s.Drain}, nil
	case env.Docker == nil && (s.Docker != nil || s.Exec != nil && lab.OfDocker(s.Exec.Of)):
		return nil, errors.New("this environment has no Docker: the lab lacks needs: {components: [docker]}")
	case s.Docker != nil && s.Docker.Rehearse != nil:
		return &rehearsal{env: env, spec: *s.Docker.Rehearse}, nil
	case s.Docker != nil:
		return &docker{env: env, spec: *s.Docker}, nil
	case s.Exec != nil && lab.OfDocker(s.Exec.Of):
		return &dockerExec{docker: docker{env: env}, command: *s.Exec}, nil
	case s.Exec != nil:
		return &exec{env: env, spec: *s.Exec}, nil
	}
	return nil, errors.New("a stimulus without a verb: this lab was not loaded with its checks")
}

// Name says what a stimulus does: "rollout web".
func Name(s lab.Stimulus) string {
	switch {
	case s.Apply != nil && s.Apply.File != "":
		return "apply " + s.Apply.File
	case s.Apply != nil:
		return fmt.Sprintf("apply %d objects", len(s.Apply.Objects))
	case s.Delete != nil:
		return fmt.Sprintf("delete %s %s%s%s", s.Delete.Kind, s.Delete.Name, s.Delete.Selector, s.Delete.Of)
	case s.Scale != nil:
		return fmt.Sprintf("scale %s to %d", s.Scale.Of, s.Scale.Replicas)
	case s.Rollout != nil:
		return "rollout " + s.Rollout.Deployment
	case s.Load != nil:
		return fmt.Sprintf("load %s with %d requests a second", s.Load.Service, s.Load.RPS)
	case s.Drain != nil:
		return "drain " + s.Drain.Node + s.Drain.Of
	case s.Docker != nil && s.Docker.Rehearse != nil:
		return "docker rehearse " + s.Docker.Rehearse.Name
	case s.Docker != nil:
		what, of := verb(*s.Docker)
		return "docker " + what + " " + of
	case s.Exec != nil:
		return fmt.Sprintf("exec %s %q", s.Exec.Of, s.Exec.Command)
	}
	return "nothing"
}

// absent is the failure of something that is not there.
func absent(namespace, kind, name string) *Failure {
	return &Failure{
		Code: NotFound, Message: fmt.Sprintf("there is no %s %s in namespace %s", kind, name, namespace),
		About: about(namespace, kind, name, false),
	}
}

func about(namespace, kind, name string, found bool) probe.About {
	return probe.About{Namespace: namespace, Subject: progress.Subject{Kind: kind, Name: name, Found: found}}
}

// orAbsent turns "not found" into the learner's failure.
func orAbsent(err error, namespace, kind, name string) error {
	if apierrors.IsNotFound(err) {
		return absent(namespace, kind, name)
	}
	return err
}

// Package probe holds the verbs of `expect`: one look at the cluster each, as
// plain data for an expression to judge.
package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"labctl.dev/labctl/internal/check/load"
	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/check/prober/inside"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// Probe looks at one thing.
type Probe interface {
	// Look sees what is there now. The error says that it could not be seen,
	// which is never the learner's fault; what is missing or broken of the
	// learner's is an Observation.
	Look(context.Context) (Observation, error)
}

// Follower is a Probe that is told of changes.
type Follower interface {
	Probe
	// Follow looks, and looks again at every change, until ctx ends or see
	// returns false. No state in between is left out.
	Follow(ctx context.Context, see func(Observation) bool) error
}

// Observation is what a probe saw.
type Observation struct {
	Self  any  // for expressions; nil when it is not there
	Found bool // whether what was looked for is there
	// Missing says what is not there: "there is no Deployment web".
	Missing string
	// Summary is a short line for a person who wants to know every step.
	Summary string
	About   About
	// Behaviour says that this depends on what programs do, not only on the
	// state of the cluster: it may change while nothing in the cluster does.
	Behaviour bool
	// Busy says that the probe itself is still under way and more will come.
	Busy bool
	// Unfit says why this observation proves nothing, whatever it shows.
	Unfit string
}

// About is the object that an observation is about.
type About struct {
	progress.Subject
	Namespace string
}

// Env is what probes work with.
type Env struct {
	Client    *kube.Client
	Docker    *container.Client // nil without Docker
	Namespace string            // the lab's
	Prober    *prober.Prober
	// Inside asks from networks of Docker's.
	Inside *inside.Networks
	// Searches looks through images.
	Searches *Searches
	// Load returns the check's load of that name.
	Load func(name string) *load.Load
	// Script runs a script of the lab's and returns what it printed.
	Script func(ctx context.Context, file string, input any) ([]byte, error)
	// Input is what scripts read.
	Input func() map[string]any
}

// namespace is the one a probe names, or the lab's.
func (e *Env) namespace(named string) string {
	if named == "" {
		return e.Namespace
	}
	return named
}

// Of returns the probe of an expectation: the one list of all there are.
func Of(env *Env, x lab.Expect) (Probe, error) {
	switch {
	case env.Docker == nil && x.NeedsDocker():
		return nil, errors.New("this environment has no Docker: the lab lacks needs: {components: [docker]}")
	case x.Kubernetes != nil:
		return &kubernetes{env, *x.Kubernetes}, nil
	case x.Docker != nil:
		return &docker{env, *x.Docker}, nil
	case x.HTTP != nil:
		return &httpProbe{env, *x.HTTP}, nil
	case x.Exec != nil && lab.OfDocker(x.Exec.Of):
		return &dockerExec{env, *x.Exec}, nil
	case x.Logs != nil && lab.OfDocker(x.Logs.Of):
		return &dockerLogs{env, *x.Logs}, nil
	case x.Exec != nil:
		return &exec{env, *x.Exec}, nil
	case x.Logs != nil:
		return &logs{env, *x.Logs}, nil
	case x.Events != nil:
		return &events{env, *x.Events}, nil
	case x.Load != nil:
		return &loadProbe{env, *x.Load}, nil
	case x.Script != nil:
		return &script{env, *x.Script}, nil
	}
	return nil, errors.New("an expectation without a probe: this lab was not loaded with its checks")
}

// Name says what an expectation looks at: "kubernetes Deployment/web".
func Name(x lab.Expect) string {
	switch {
	case x.Kubernetes != nil:
		return "kubernetes " + Describe(*x.Kubernetes)
	case x.Docker != nil:
		return "docker " + DescribeDocker(*x.Docker)
	case x.HTTP != nil:
		return "http " + join(x.HTTP.Service, join(strings.TrimSuffix(x.HTTP.URL, "/"), x.HTTP.Container)) + x.HTTP.Path
	case x.Exec != nil:
		return fmt.Sprintf("exec %s %q", x.Exec.Of, x.Exec.Command)
	case x.Logs != nil:
		return "logs " + x.Logs.Of
	case x.Events != nil:
		return "events " + x.Events.Of
	case x.Load != nil:
		return "load " + x.Load.Of
	case x.Script != nil:
		return "script " + x.Script.File
	}
	return "nothing"
}

func join(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// lookTime bounds one request to the API server: one that hangs is an error.
const lookTime = 10 * time.Second

package check

import (
	"context"
	"fmt"
	"log/slog"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/check/prober/inside"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/check/script"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/diagnose"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/ledger"
)

// Target is the environment whose work is checked.
type Target struct {
	Lab         *lab.Resolved
	Environment string // its name, for the report
	Engine      string // the engine's name, for the report
	// Capabilities are what the environment's engine has.
	Capabilities []engine.Capability
	// Client is an administrator's; nil for a lab without a cluster.
	Client *kube.Client
	// Ledger remembers stimuli until they are undone.
	Ledger *ledger.Ledger
	// Lock is a file that is locked while checks run, so that two runs do not
	// disturb each other's stimuli. Empty: the caller sees to that.
	Lock string
	// Docker is the environment's Docker Engine; nil if it has none.
	Docker *container.Client
	// Programs are those that scripts find beside the tools: kubectl with the
	// administrator's kubeconfig, docker at the learner's socket.
	Programs map[string]script.Program
	// Workspace is the learner's directory.
	Workspace string
	// Log gets what is of interest to developers only. Not nil.
	Log *slog.Logger
}

// Options are what to run, and how to show it.
type Options struct {
	// Only lists tasks ("expose") and checks ("expose/answers"); all if empty.
	// What these need is run, too, but not reported.
	Only []string
	// Explain adds the trace of every step, and causes that give away the fix.
	Explain bool
	// OnResult is told of each result as soon as it is there, by one goroutine
	// at a time. It may be nil.
	OnResult func(task string, r Result)
	// OnWait is told, from a goroutine of its own, when another check or a reset
	// keeps Run from beginning. It may be nil.
	OnWait func()
}

// parallel is how many shared checks run at once.
const parallel = 8

// Runner checks the work in one environment. It is safe for concurrent use.
type Runner struct {
	Target

	plan      *plan
	diagnoser *diagnose.Diagnoser
	docker    *diagnose.Docker
	prober    *prober.Prober
	inside    *inside.Networks
	searches  *probe.Searches
	// progress says whether what an observation is about still moves.
	progress func(context.Context, probe.About) (progress.State, error)
}

// New makes a runner. It compiles every expression of the lab; the error names
// the check whose expression is wrong.
func New(t Target) (*Runner, error) {
	env, err := expr.New()
	if err != nil {
		return nil, err
	}
	p, err := newPlan(env, t.Lab.Lab)
	if err != nil {
		return nil, fmt.Errorf("lab %s: %w", t.Lab.Name, err)
	}
	return &Runner{
		Target: t, plan: p, diagnoser: diagnose.New(t.Client), docker: diagnose.NewDocker(t.Docker, prober.Image, insideDocker(t.Docker)),
		prober: prober.New(t.Client), inside: inside.New(t.Docker), searches: probe.NewSearches(t.Lab.Lab), progress: (&snapshots{client: t.Client, docker: t.Docker}).progress,
	}, nil
}

package cli

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/kind"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
	"labctl.dev/labctl/internal/lab"
)

// startPlan is what a start is going to do.
type startPlan struct {
	name    string // of the environment
	lab     *lab.Lab
	engine  engine.Engine
	why     string // this engine
	caps    engine.Capabilities
	docker  dockerChoice
	request supervisor.Request
	// takenBack is how much of what killed checks did the start has taken back.
	takenBack int
}

// plan works out what to start: a new environment, or one that exists.
func (o *startOptions) plan(ctx context.Context, home environment.Home, seeded bool) (startPlan, error) {
	if o.env == "" && o.lab == "" {
		current, err := o.s.meant(home)
		if err != nil {
			return startPlan{}, err
		}
		if o.env = current; current == "" {
			return startPlan{}, usage("Run `labctl list` to see the labs.", "which lab? Name one")
		}
	}
	if o.lab == "" {
		return o.planResume(ctx, home, o.env, nil, seeded)
	}
	src, err := o.s.findLab(ctx, home, o.lab, o.trust)
	if err != nil {
		return startPlan{}, err
	}
	if o.env == "" {
		o.env = src.Lab.Name
	}
	if err := checkEnvName(o.env); err != nil {
		return startPlan{}, err
	}
	if names, err := home.Names(); err == nil && slices.Contains(names, o.env) && home.Exists(o.env) {
		return o.planResume(ctx, home, o.env, src, seeded)
	}
	c, err := o.s.chooseEngine(ctx, wanted{o.engine, o.docker, o.arguments()}, src.Lab)
	if err != nil {
		return startPlan{}, err
	}
	return startPlan{
		name: o.env, lab: src.Lab, engine: c.Engine, why: c.why, caps: c.caps, docker: c.docker,
		request: supervisor.Request{Lab: src.Lab.Name, LabDir: src.Dir, Engine: c.Name(), Docker: c.docker.host, Seed: o.seed,
			Capabilities: c.caps.Has, KeepOnFailure: o.keep},
	}, nil
}

// planResume brings back an environment, if it is what the user means.
func (o *startOptions) planResume(ctx context.Context, home environment.Home, name string, src *source, seeded bool) (startPlan, error) {
	env, err := home.Open(name)
	if err != nil {
		return startPlan{}, o.s.suggestEnv(home, name, err)
	}
	stop := "Choose another name with --env, or remove it with `labctl stop --env " + name + "` first."
	other := func(format string, args ...any) error {
		return &environment.Problem{Code: environment.CodeOtherLab, Hint: stop,
			Message: fmt.Sprintf("the environment %q exists already, ", name) + fmt.Sprintf(format, args...)}
	}
	switch {
	case src != nil && (src.Lab.Name != env.Lab || src.Dir != env.LabDir):
		return startPlan{}, other("and runs another lab: %s", env.Lab)
	case o.engine != "auto" && o.engine != env.Engine:
		return startPlan{}, other("on the engine %s", env.Engine)
	case o.docker != dockerAuto && slices.Contains(env.Components, dockerName) && (o.docker == dockerUser) != (env.Docker != ""):
		return startPlan{}, other("with %s", dockerChoice{host: env.Docker})
	case seeded && o.seed != env.Seed:
		return startPlan{}, other("with the seed %d", env.Seed)
	}
	l, err := o.s.labOf(env)
	if err != nil {
		return startPlan{}, err
	}
	e, err := o.s.engineNamed(env.Engine)
	if err != nil {
		return startPlan{}, err
	}
	plan := startPlan{
		name: name, lab: l.Lab, engine: e, why: "the environment was made with it",
		request: supervisor.Request{Lab: env.Lab, LabDir: env.LabDir, Engine: env.Engine, Docker: env.Docker, Seed: env.Seed, KeepOnFailure: o.keep},
	}
	if slices.Contains(env.Components, dockerName) {
		plan.docker = dockerChoice{env.Docker, "the environment was made with it"}
	}
	plan.caps, err = e.Probe(ctx)
	if err != nil {
		return startPlan{}, err
	}
	plan.request.Capabilities = plan.caps.Has // for one that is unfinished and made anew
	if _, err := supervisor.Connect(name, home.EnvDir(name)).Status(ctx); err != nil && plan.caps.Available {
		return plan, o.s.tryComponents(ctx, l.Lab, plan.docker, o.arguments()) // they start again, too
	}
	return plan, nil
}

// unavailable says why an engine or a component cannot run here, and what to type if that is
// for want of rights only.
func (s *State) unavailable(what string, caps engine.Capabilities, arguments string) error {
	p := &environment.Problem{
		Code:    environment.CodeNoEngine,
		Message: fmt.Sprintf("%s cannot run here: %s", what, caps.Reason),
		Hint:    caps.Remedy,
	}
	if runtime.GOOS == "linux" && s.UID != 0 && what != "the engine "+kind.Name { // Docker has its own ways to let users in
		p.Code = environment.CodeNeedsRoot
		p.Hint = "Run `sudo labctl start " + arguments + "`. Only starting needs root: your files stay yours, and `labctl check` runs as you."
	}
	return p
}

// arguments are those of the start, for a command that the user types again.
func (o *startOptions) arguments() string {
	var args []string
	if o.lab != "" {
		args = append(args, o.lab)
	}
	if o.env != "" && o.env != o.lab {
		args = append(args, "--env", o.env)
	}
	if o.engine != "auto" {
		args = append(args, "--engine", o.engine)
	}
	if o.docker != dockerAuto {
		args = append(args, "--docker", o.docker)
	}
	return strings.Join(args, " ")
}

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/kind"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/nearest"
)

// choice is an engine and why it was taken.
type choice struct {
	engine.Engine
	caps engine.Capabilities
	why  string
	// docker is whose Docker Engine the lab uses.
	docker dockerChoice
}

// wanted is what the user wants a lab to run on.
type wanted struct {
	engine, docker string // as --engine and --docker say
	arguments      string // of the start, for a command that the user types again
}

// engineNames lists what --engine accepts.
func (s *State) engineNames() []string {
	names := []string{"auto"}
	for _, e := range s.Engines {
		names = append(names, e.Name())
	}
	return names
}

// engineNamed finds an engine by the name that a state file or a user gives.
func (s *State) engineNamed(name string) (engine.Engine, error) {
	for _, e := range s.Engines {
		if e.Name() == name {
			return e, nil
		}
	}
	return nil, usage(nearest.Suggestion(name, s.engineNames()), "there is no engine %q", name)
}

// chooseEngine takes the engine asked for, or the first that can run the lab
// on this machine, and says why.
func (s *State) chooseEngine(ctx context.Context, w wanted, l *lab.Lab) (choice, error) {
	if w.engine != "auto" {
		e, err := s.engineNamed(w.engine)
		if err != nil {
			return choice{}, err
		}
		return s.tryEngine(ctx, e, l, "you asked for it", w)
	}
	if l.Needs.Cluster == nil {
		e, err := s.engineNamed("none")
		if err != nil {
			return choice{}, err
		}
		return s.tryEngine(ctx, e, l, "the lab needs no cluster", w)
	}
	return s.firstEngine(ctx, l, w)
}

// firstEngine takes the first engine that can run the lab here, and says what
// the one before it lacks. When none can, it says what the first lacks that needs
// no Docker: that is easiest to mend.
func (s *State) firstEngine(ctx context.Context, l *lab.Lab, w wanted) (choice, error) {
	why := "the first that can run the lab here"
	var lacking error
	var who string
	for _, e := range s.Engines {
		if e.Name() == "none" {
			continue
		}
		c, err := s.tryEngine(ctx, e, l, why, w)
		if err == nil {
			return c, nil
		}
		why = err.Error()
		if lacking == nil || who == kind.Name {
			lacking, who = err, e.Name()
		}
	}
	if lacking == nil {
		lacking = &environment.Problem{Code: environment.CodeNoEngine, Message: "this labctl has no engine that provides a cluster"}
	}
	return choice{}, lacking
}

func (s *State) tryEngine(ctx context.Context, e engine.Engine, l *lab.Lab, why string, w wanted) (choice, error) {
	caps, err := e.Probe(ctx)
	if err != nil {
		return choice{}, fmt.Errorf("ask the engine %s: %w", e.Name(), err)
	}
	if lacking := caps.Lacking(labNeeds(l)); len(lacking) > 0 && caps.Available {
		return choice{}, &environment.Problem{
			Code:    environment.CodeNoEngine,
			Message: fmt.Sprintf("the engine %s cannot run %s: it lacks %s", e.Name(), l.Name, join(lacking)),
			Hint:    "Run `labctl doctor` to see what each engine can do here.",
		}
	}
	if !caps.Available {
		return choice{}, s.unavailable("the engine "+e.Name(), caps, w.arguments)
	}
	docker, err := s.chooseDocker(ctx, w.docker, l)
	if err != nil {
		return choice{}, err
	}
	if err := s.tryComponents(ctx, l, docker, w.arguments); err != nil {
		return choice{}, err
	}
	return choice{Engine: e, caps: caps, why: why, docker: docker}, nil
}

// tryComponents fails unless all components that a lab needs can run here.
func (s *State) tryComponents(ctx context.Context, l *lab.Lab, docker dockerChoice, arguments string) error {
	home, err := s.home()
	if err != nil {
		return err
	}
	for _, c := range s.Components {
		if !slices.Contains(l.Needs.Components, c.Name()) {
			continue
		}
		missing, err := c.Probe(ctx, s.Bin(), home.Dir, docker.host)
		if err != nil {
			return fmt.Errorf("ask the component %s: %w", c.Name(), err)
		}
		if missing.What != "" {
			return s.lacking(c.Name(), missing, docker, arguments)
		}
	}
	return nil
}

// lacking says what a component lacks on this machine.
func (s *State) lacking(name string, missing component.Missing, docker dockerChoice, arguments string) error {
	if docker.host != "" {
		return &environment.Problem{Code: environment.CodeNoEngine, Hint: missing.Remedy,
			Message: fmt.Sprintf("the component %s cannot run here: %s", name, missing.What)}
	}
	caps := engine.Capabilities{Reason: missing.What, Remedy: missing.Remedy}
	if docker.why != "" && arguments != "" {
		caps.Reason += "; and your own Docker is not used: " + docker.why
	}
	return s.unavailable("the component "+name, caps, arguments)
}

// labNeeds lists the capabilities without which a lab makes no sense.
func labNeeds(l *lab.Lab) []engine.Capability {
	var needs []engine.Capability
	if c := l.Needs.Cluster; c != nil {
		needs = append(needs, engine.CapCluster)
		if c.Nodes > 1 {
			needs = append(needs, engine.CapMultiNode)
		}
	}
	for _, name := range l.Needs.Capabilities {
		needs = append(needs, engine.Capability(name))
	}
	return needs
}

func join[T ~string](items []T) string {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = string(item)
	}
	return strings.Join(words, ", ")
}

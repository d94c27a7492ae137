package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
)

type statusDocument struct {
	versioned
	Current      string       `json:"current"`
	Environments []statusItem `json:"environments"`
}

type statusItem struct {
	Environment string    `json:"environment"`
	Lab         string    `json:"lab"`
	Engine      string    `json:"engine"`
	Seed        uint64    `json:"seed"`
	State       string    `json:"state"` // running, starting, resetting, stopping, stopped, broken, damaged, unfinished
	Health      string    `json:"health"`
	Created     time.Time `json:"created"`
	Workspace   string    `json:"workspace"`
	Kubeconfig  string    `json:"kubeconfig"`
	Port        int       `json:"port"`
	Supervisor  int       `json:"supervisor"` // process id, 0 if there is none
	// LeftBehind is what checks that were killed did and nothing has taken back yet.
	LeftBehind []string `json:"leftBehind"`

	environment.Progress
}

func newStatus(s *State) *cobra.Command {
	var output format
	var name string
	var all bool
	cmd := &cobra.Command{
		Use: "status", Short: "Show how the environment is", Args: maxArgs(0, "status takes no arguments; name an environment with --env"),
		Example: examples(s, "status", "status --all", "status -o json"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			doc, err := s.status(cmd.Context(), name, all)
			if err != nil {
				return err
			}
			if output == formatJSON {
				return printJSON(s.Stdout, doc)
			}
			s.printStatus(doc, all)
			return nil
		},
	}
	addOutput(cmd, &output)
	s.addEnv(cmd, &name)
	cmd.Flags().BoolVarP(&all, "all", "a", false, "show every environment")
	return cmd
}

// status looks at one environment, or all. Of all, none is no error.
func (s *State) status(ctx context.Context, name string, all bool) (statusDocument, error) {
	home, err := s.home()
	if err != nil {
		return statusDocument{}, err
	}
	current, err := s.meant(home)
	if err != nil {
		return statusDocument{}, err
	}
	doc := statusDocument{version1(), current, []statusItem{}}
	names := []string{name}
	if all {
		names, err = home.Names()
	} else if name == "" {
		names[0] = current
	}
	if err != nil {
		return doc, err
	}
	for _, n := range names {
		item, err := s.statusOf(ctx, home, n)
		if err != nil && !all {
			return doc, s.suggestEnv(home, n, err)
		}
		doc.Environments = append(doc.Environments, item)
	}
	return doc, nil
}

func (s *State) statusOf(ctx context.Context, home environment.Home, name string) (statusItem, error) {
	env, err := home.Open(name)
	if err != nil {
		return statusItem{Environment: name, State: "damaged", Health: err.Error(), LeftBehind: []string{}}, err
	}
	item := statusItem{
		Environment: env.Name, Lab: env.Lab, Engine: env.Engine, Seed: env.Seed, Created: env.Created,
		Workspace: env.WorkspaceDir(), Port: env.Port, LeftBehind: []string{},
	}
	left, unread := check.LeftBehind(env.Ledger(), env.CheckLock())
	if unread == nil {
		item.LeftBehind = left
	}
	if env.Nodes > 0 {
		item.Kubeconfig = env.Kubeconfig()
	}
	if item.Progress, err = env.Progress(); err != nil {
		return item, err
	}
	live, err := client(env).Status(ctx)
	var p *environment.Problem
	switch {
	case err == nil:
		item.State, item.Health, item.Supervisor = string(live.State), live.Health, live.PID
	case errors.As(err, &p) && p.Code == environment.CodeNotRunning:
		item.State = phaseState(env.Phase)
	default:
		return item, err
	}
	if unread != nil && item.Health == "" {
		item.Health = unread.Error()
	}
	return item, nil
}

// phaseState is the state of an environment without a supervisor.
func phaseState(p environment.Phase) string {
	if p == environment.Ready {
		return "stopped"
	}
	return "unfinished"
}

func (s *State) printStatus(doc statusDocument, all bool) {
	if all {
		rows := make([][]string, len(doc.Environments))
		for i, e := range doc.Environments {
			mark := ""
			if e.Environment == doc.Current {
				mark = "current"
			}
			rows[i] = []string{e.Environment, e.State, e.Lab, e.Engine, mark}
		}
		s.table(strings.Fields("environment state lab engine current"), rows)
		return
	}
	e := doc.Environments[0]
	row := func(label, value string) {
		if value != "" {
			fmt.Fprintf(s.Stdout, "%-12s%s\n", label, value)
		}
	}
	row("environment", s.out().bold(e.Environment))
	row("state", s.colourState(e.State))
	row("health", e.Health)
	row("lab", e.Lab)
	row("engine", e.Engine)
	row("seed", fmt.Sprint(e.Seed))
	row("workspace", e.Workspace)
	row("kubeconfig", e.Kubeconfig)
	if e.Attempts > 0 {
		row("checks", s.tally(e.Progress))
	}
	for _, what := range e.LeftBehind {
		row("left behind", what+", by a check that was cut short")
	}
	row("next", s.Typed(nextFor(e)))
}

func (s *State) colourState(state string) string {
	c := s.out()
	switch state {
	case string(supervisor.Running):
		return c.green(state)
	case string(supervisor.Broken), "damaged":
		return c.red(state)
	default:
		return c.yellow(state)
	}
}

func (s *State) tally(p environment.Progress) string {
	passed := 0
	for _, verdict := range p.Last {
		if verdict == "pass" {
			passed++
		}
	}
	return fmt.Sprintf("%d of %d passed when last run, in %d runs", passed, len(p.Last), p.Attempts)
}

// nextFor is what helps in a state.
func nextFor(e statusItem) string {
	switch e.State {
	case "stopped", string(supervisor.Broken):
		return "`labctl start --env " + e.Environment + "` brings it back with your work in it"
	case "unfinished":
		return "`labctl gc` removes what a start that was cut short left"
	}
	if len(e.LeftBehind) > 0 {
		return "`labctl check --env " + e.Environment + "` takes back what was left behind, before it checks"
	}
	return ""
}

package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
)

// newSupervise is the command that `start` runs in the background.
func newSupervise(s *State) *cobra.Command {
	var name string
	var home environment.Home
	cmd := &cobra.Command{
		Use: "supervise", Hidden: true, Short: "Own a running environment (labctl start runs this)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log := slog.New(slog.NewTextHandler(s.Stderr, nil))
			klog.SetSlogLogger(log)
			s.Engines = s.MakeEngines(s, home.Dir, log)
			s.Components = makeComponents(s, log)
			server := &supervisor.Server{Home: home, Name: name, Log: log, Open: s.opener(home, name, log)}
			out, ok := s.Stdout.(io.WriteCloser)
			if !ok {
				out = nopCloser{s.Stdout}
			}
			return supervisor.Main(cmd.Context(), server, out)
		},
	}
	cmd.Flags().StringVar(&home.Dir, "home", "", "labctl's state `directory`")
	cmd.Flags().StringVar(&name, "env", "", "the environment's `name`")
	cmd.Flags().IntVar(&home.Owner.UID, "uid", os.Getuid(), "the owner")
	cmd.Flags().IntVar(&home.Owner.GID, "gid", os.Getgid(), "the owner's group")
	return cmd
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// spawnSupervisor starts the supervisor of an environment.
func (s *State) spawnSupervisor(ctx context.Context, home environment.Home, name string) error {
	return supervisor.Spawn(ctx, home, name, s.Executable, []string{
		"supervise", "--home", home.Dir, "--env", name,
		"--uid", strconv.Itoa(home.Owner.UID), "--gid", strconv.Itoa(home.Owner.GID),
	})
}

// opener prepares the lifecycle that a request to the supervisor asks for.
func (s *State) opener(home environment.Home, name string, log *slog.Logger) supervisor.Opener {
	return func(ctx context.Context, req supervisor.Request) (life *environment.Lifecycle, resume bool, err error) {
		setup := environment.Setup{Components: s.Components, Bin: s.Bin(), Log: log, Now: s.Now}
		if home.Exists(name) {
			env, err := home.Open(name)
			if err != nil {
				return nil, false, err
			}
			if env.Phase == environment.Ready {
				life, err = s.reopen(setup, env)
				return life, true, err
			}
			if err := s.sweep(ctx, env); err != nil {
				return nil, false, err
			}
		}
		life, err = s.create(ctx, setup, home, name, req)
		return life, false, err
	}
}

// reopen prepares to bring an environment back.
func (s *State) reopen(setup environment.Setup, env *environment.Environment) (*environment.Lifecycle, error) {
	src, err := s.labOf(env)
	if err != nil {
		return nil, err
	}
	setup.Lab, setup.LabDir = src.Source, src.Dir
	if setup.Engine, err = s.engineNamed(env.Engine); err != nil {
		return nil, err
	}
	return setup.Reopen(env)
}

// create prepares a new environment.
func (s *State) create(ctx context.Context, setup environment.Setup, home environment.Home, name string, req supervisor.Request) (*environment.Lifecycle, error) {
	src, err := s.findRequested(ctx, home, name, req)
	if err != nil {
		return nil, err
	}
	setup.Lab, setup.LabDir, setup.Docker = src.Source, src.Dir, req.Docker
	if setup.Engine, err = s.engineNamed(req.Engine); err != nil {
		return nil, err
	}
	return setup.New(home, name, req.Seed, req.Capabilities)
}

// sweep removes what a start or stop that was cut short left behind, to make
// room for a new environment of that name. The supervisor holds the lock.
func (s *State) sweep(ctx context.Context, env *environment.Environment) error {
	e, err := s.engineNamed(env.Engine)
	if err != nil {
		return err
	}
	_, err = env.Dismantle(ctx, e, s.Components, s.Bin(), false, true, s.Now())
	return err
}

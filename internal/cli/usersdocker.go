package cli

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/lab"
)

// usersDocker looks up the variables that name the user's own Docker Engine: not
// that of a lab, whose shell they may be in, and under sudo not root's.
func (s *State) usersDocker(home string) func(string) string {
	return func(name string) string {
		value := s.Getenv(name)
		ours := strings.Contains(value, home+string(filepath.Separator))
		switch {
		case (name == "DOCKER_HOST" || name == "DOCKER_CONFIG") && ours:
			return ""
		case name == "DOCKER_CONFIG" && value == "":
			if _, caller, _ := s.owner(); caller != nil {
				return filepath.Join(caller.HomeDir, ".docker")
			}
		}
		return value
	}
}

// dockerEnviron is usersDocker for what is made before the home is known.
func (s *State) dockerEnviron(name string) string {
	home, err := s.home()
	if err != nil {
		return s.Getenv(name)
	}
	return s.usersDocker(home.Dir)(name)
}

// The answers to --docker.
const (
	dockerAuto = "auto"
	dockerUser = "user"
	dockerOwn  = "own"
)

// addDocker gives a command the flag --docker.
func addDocker(cmd *cobra.Command, which *string, value string) {
	cmd.Flags().StringVar(which, "docker", value, "`whose` Docker Engine a lab of Docker uses: yours (user), one that labctl brings (own), or yours if it can be used (auto)")
	_ = cmd.RegisterFlagCompletionFunc("docker", cobra.FixedCompletions([]string{dockerAuto, dockerUser, dockerOwn}, cobra.ShellCompDirectiveNoFileComp))
}

// askDocker asks the user's own Docker Engine whether it can be used.
func (s *State) askDocker(ctx context.Context) (host string, trouble container.Trouble, err error) {
	client, host, trouble, err := container.Users(ctx, s.dockerEnviron)
	if client != nil {
		_ = client.Close() // it only closes idle connections
	}
	return host, trouble, err
}

// dockerName is the component that the choice is about.
const dockerName = "docker"

// dockerChoice is whose Docker Engine a lab uses, and why.
type dockerChoice struct {
	host string // the user's; empty for labctl's own
	why  string // empty for a lab without Docker
}

// String is what people call the choice.
func (c dockerChoice) String() string {
	if c.host != "" {
		return "your own Docker Engine at " + c.host
	}
	return "a Docker Engine of labctl's own"
}

// chooseDocker takes the user's Docker Engine if it can be used, else labctl's own.
func (s *State) chooseDocker(ctx context.Context, which string, l *lab.Lab) (dockerChoice, error) {
	if !slices.Contains([]string{dockerAuto, dockerUser, dockerOwn}, which) {
		return dockerChoice{}, usage("Say --docker auto, --docker user or --docker own.", "there is no Docker Engine %q", which)
	}
	if !slices.Contains(l.Needs.Components, dockerName) {
		return dockerChoice{}, nil
	}
	if which == dockerOwn {
		return dockerChoice{why: "you asked for it"}, nil
	}
	host, trouble, err := s.askDocker(ctx)
	switch {
	case err != nil:
		return dockerChoice{}, err
	case trouble.What == "":
		why := "it answers"
		if which == dockerUser {
			why = "you asked for it"
		}
		return dockerChoice{host, why}, nil
	case which == dockerUser:
		return dockerChoice{}, &environment.Problem{
			Code: environment.CodeNoEngine, Message: "your Docker Engine cannot be used: " + trouble.What,
			Hint: trouble.Remedy + ". Or leave out --docker user: labctl brings a Docker Engine of its own, for root on Linux.",
		}
	}
	return dockerChoice{why: trouble.What}, nil
}

// word is the choice for programs.
func (c dockerChoice) word() string {
	if c.host != "" {
		return c.host
	}
	return c.flag()
}

// flag is the value of --docker that makes the choice again; empty for a lab
// without Docker.
func (c dockerChoice) flag() string {
	switch {
	case c.why == "":
		return ""
	case c.host == "":
		return dockerOwn
	}
	return dockerUser
}

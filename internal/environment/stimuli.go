package environment

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/ledger"
)

// PendingStimuli lists what checks did to the environment and have not undone,
// the newest first.
func (e *Environment) PendingStimuli() ([]ledger.Open, error) {
	open, err := e.Ledger().Pending()
	if err != nil {
		return nil, problem(CodeCorruptState, "Run `labctl reset` to get back to a known state.", err,
			"cannot tell what the last check left behind")
	}
	return slices.DeleteFunc(open, func(o ledger.Open) bool { return o.Kind != ledger.KindStimulus }), nil
}

// UndoStimuli takes back what a check that was killed left behind. The caller
// holds the check's lock, or knows that no check runs.
func (e *Environment) UndoStimuli(ctx context.Context, world check.World) error {
	return check.UndoPending(ctx, world, e.Ledger())
}

// World connects to the environment's cluster, as its administrator, and to its
// Docker Engine, as far as it has them. The components are all that labctl knows.
// Whoever calls it closes what it returns.
func (e *Environment) World(components []component.Component, bin string) (w check.World, err error) {
	if e.Nodes > 0 {
		if w.Client, err = kube.FromFile(e.AdminKubeconfig()); err != nil {
			return check.World{}, err
		}
	}
	w.Workspace = e.WorkspaceDir()
	w.Docker, err = e.docker(components, bin)
	return w, err
}

// dockerHost is how programs are told of a Docker Engine.
const dockerHost = "DOCKER_HOST="

// docker connects to the environment's Docker Engine; nil if it has none.
func (e *Environment) docker(components []component.Component, bin string) (*container.Client, error) {
	for _, c := range components {
		if !slices.Contains(e.Components, c.Name()) {
			continue
		}
		for _, v := range c.Variables(e.Part(c.Name(), bin)) {
			if host, is := strings.CutPrefix(v, dockerHost); is {
				client, err := container.New(host)
				if err == nil {
					client.Helper = helperImage(bin, e.Home.CacheDir())
				}
				return client, err
			}
		}
	}
	return nil, nil //nolint:nilnil // an environment without Docker is no error
}

// ForgetStimuli ends the stimuli in the ledger of a cluster that is back at its
// start. A ledger that cannot be read is put aside for a new one.
func (e *Environment) ForgetStimuli() error {
	open, err := e.PendingStimuli()
	var damaged *ledger.CorruptError
	if errors.As(err, &damaged) {
		return errors.Join(os.Rename(damaged.Path, damaged.Path+".damaged"), e.ownLedger())
	}
	for _, o := range open {
		err = errors.Join(err, e.Ledger().End(o.Token))
	}
	return err
}

package check

import (
	"context"
	"errors"

	"labctl.dev/labctl/internal/check/script"
	"labctl.dev/labctl/internal/check/stimulus"
)

// compose runs docker compose as the learner would.
func (r *Runner) compose(ctx context.Context, c stimulus.Compose) (int, error) {
	docker := r.Programs[script.Docker]
	if docker == nil {
		return 0, errors.New("labctl's own docker command is missing")
	}
	return docker(ctx, script.Call{
		Args: append([]string{"compose"}, c.Args...), Dir: c.Dir, Env: []string{"HOME=" + c.Dir, "PWD=" + c.Dir},
		Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr,
	})
}

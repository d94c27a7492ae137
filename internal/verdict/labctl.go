package verdict

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/proc"
)

// labctl is the program under proof, run as a learner runs it, with a home of
// its own.
type labctl struct {
	path, home, engine, docker string
}

// started is what `labctl start -o json` says.
type started struct {
	Environment string `json:"environment"`
	Engine      string `json:"engine"`
	Workspace   string `json:"workspace"`
	Kubeconfig  string `json:"kubeconfig"`
	ReadyMs     int64  `json:"readyMs"`
}

func (l labctl) start(ctx context.Context, lab, name string, seed uint64) (started, error) {
	args := []string{"start", lab, "--env", name, "--seed", fmt.Sprint(seed), "--trust", "-o", "json"}
	if l.engine != "" {
		args = append(args, "--engine", l.engine)
	}
	if l.docker != "" {
		args = append(args, "--docker", l.docker)
	}
	var s started
	return s, l.json(ctx, &s, args...)
}

// check runs the named checks, or all. That some do not pass is no error.
func (l labctl) check(ctx context.Context, name string, checks []string) (check.Report, error) {
	var r check.Report
	err := l.json(ctx, &r, append([]string{"check", "--env", name, "-o", "json"}, checks...)...)
	var exit *proc.ExitError
	if errors.As(err, &exit) && len(r.Tasks) > 0 {
		err = nil
	}
	return r, err
}

func (l labctl) stop(ctx context.Context, name string) error {
	return l.json(ctx, nil, "stop", "--env", name, "--discard", "-o", "json")
}

// json runs labctl and reads what it prints, also when it exits with an error.
func (l labctl) json(ctx context.Context, into any, args ...string) error {
	var out bytes.Buffer
	err := proc.Command{
		Path: l.path, Args: args, Env: append(os.Environ(), "LABCTL_HOME="+l.home), Stdout: &out, Stderr: io.Discard,
	}.Run(ctx)
	if into == nil && err == nil {
		return nil
	}
	var failure struct {
		Error *struct{ Code, Message, Hint string } `json:"error"`
	}
	if json.Unmarshal(out.Bytes(), &failure) == nil && failure.Error != nil {
		return fmt.Errorf("labctl %s: %s: %s", args[0], failure.Error.Code, failure.Error.Message)
	}
	if into != nil {
		if bad := json.Unmarshal(out.Bytes(), into); bad != nil && err == nil {
			return fmt.Errorf("labctl %s: %w", args[0], bad)
		}
	}
	return err
}

package check

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/check/script"
	"labctl.dev/labctl/internal/expr"
)

// input is what scripts read from standard input.
func (s *scenario) input() map[string]any {
	return map[string]any{
		"params": s.Lab.Values.Params, "images": s.Lab.Values.Images,
		"namespace": s.Lab.Values.Namespace, "recorded": s.recorded,
	}
}

// script runs one of the lab's scripts in an empty directory of its own, with
// params as PARAM_<NAME> and images as IMAGE_<NAME>.
func (s *scenario) script(ctx context.Context, file string, input any) ([]byte, error) {
	text, err := s.read(file)
	if err != nil {
		return nil, err
	}
	in, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "labctl-script-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the script %s: %w", file, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // an empty temporary directory at worst
	var out, said bytes.Buffer
	shell := &script.Shell{Dir: dir, Env: ScriptEnv(s.Lab.Values.Params, s.Lab.Values.Images, s.Lab.Values.Namespace), Kubectl: s.Kubectl}
	err = shell.Run(ctx, file, string(text), script.Streams{Stdin: bytes.NewReader(in), Stdout: &out, Stderr: &said})
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), nil
}

// ScriptEnv is the environment of a lab's scripts: params as PARAM_<NAME>,
// images as IMAGE_<NAME>, in capitals and with _ for every other character, and
// NAMESPACE.
func ScriptEnv(params map[string]any, images map[string]string, namespace string) []string {
	env := []string{"NAMESPACE=" + namespace}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		env = append(env, "PARAM_"+envName(name)+"="+expr.Text(params[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(images)) {
		env = append(env, "IMAGE_"+envName(name)+"="+images[name])
	}
	return env
}

func envName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
}

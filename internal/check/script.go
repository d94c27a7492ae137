package check

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"labctl.dev/labctl/internal/check/script"
)

// input is what scripts read from standard input.
func (s *scenario) input() map[string]any {
	return map[string]any{
		"params": s.Lab.Values.Params, "images": s.Lab.Values.Images,
		"namespace": s.Lab.Values.Namespace, "recorded": s.recorded,
	}
}

// script runs one of the lab's scripts in an empty directory of its own.
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
	shell := &script.Shell{Dir: dir, Env: s.Lab.Values.Env(), Programs: s.Programs}
	err = shell.Run(ctx, file, string(text), script.Streams{Stdin: bytes.NewReader(in), Stdout: &out, Stderr: &said})
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), nil
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"labctl.dev/labctl/internal/proc"
)

// seed is that of all environments, so that they are alike.
const seed = 1

// bench runs labctl with a home of its own.
type bench struct {
	labctl, home, lab, engine string
	runs                      int
}

func newBench(lab, engine string, runs int) (*bench, error) {
	home, err := os.MkdirTemp("", "labctl-bench-")
	return &bench{labctl: filepath.Join(os.Getenv("LABCTL_BIN"), "labctl"), home: home, lab: lab, engine: engine, runs: runs}, err
}

// close stops what may still run, and removes the home.
func (b *bench) close(ctx context.Context) error {
	if err := b.do(ctx, nil, "gc", "--all", "-o", "json"); err != nil {
		return err
	}
	return os.RemoveAll(b.home)
}

func (b *bench) version(ctx context.Context) string {
	out, err := proc.Command{Path: b.labctl, Args: []string{"version"}}.Output(ctx)
	if err != nil {
		return err.Error()
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first
}

// do runs labctl and reads its JSON.
func (b *bench) do(ctx context.Context, into any, args ...string) error {
	var out bytes.Buffer
	err := proc.Command{Path: b.labctl, Args: args, Env: append(os.Environ(), "LABCTL_HOME="+b.home), Stdout: &out}.Run(ctx)
	if err != nil {
		return fmt.Errorf("labctl %s: %w\n%s", strings.Join(args, " "), err, out.String())
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(out.Bytes(), into)
}

// timed runs labctl and tells how long that took.
func (b *bench) timed(ctx context.Context, into any, args ...string) (time.Duration, error) {
	began := time.Now()
	err := b.do(ctx, into, args...)
	return time.Since(began), err
}

// environment is what start says.
type environment struct {
	Environment string `json:"environment"`
	Workspace   string `json:"workspace"`
	Kubeconfig  string `json:"kubeconfig"`
	Steps       []struct {
		Name string `json:"name"`
		Ms   int64  `json:"ms"`
	} `json:"steps"`
}

func (b *bench) start(ctx context.Context, name string) (environment, time.Duration, error) {
	var env environment
	began := time.Now()
	if err := b.do(ctx, &env, "start", b.lab, "--engine", b.engine, "--env", name, "--seed", strconv.Itoa(seed), "-o", "json"); err != nil {
		return env, 0, err
	}
	err := answers(ctx, env.Kubeconfig)
	return env, time.Since(began), err
}

package cli

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/lint"
	"labctl.dev/labctl/internal/lab/problem"
	"labctl.dev/labctl/internal/labapp/names"
)

type lintDocument struct {
	versioned
	OK       bool              `json:"ok"`
	Problems []problem.Problem `json:"problems"`
}

func newLabLint(s *State) *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use: "lint [LAB...]", Short: "Find mistakes in labs, with file, line and column",
		Long:    "Looks at labs given by slug or path; at the whole catalogue if none is given. Warnings alone do not fail.",
		Example: examples(s, "lab lint ./my-lab", "lab lint", "lab lint ./my-lab -o json"),
		RunE: func(cmd *cobra.Command, args []string) error {
			problems, err := s.lint(cmd.Context(), args)
			if err != nil {
				return err
			}
			failed := problems.Err() != nil
			if output == formatJSON {
				err = printJSON(s.Stdout, lintDocument{version1(), !failed, orEmpty(problems)})
			} else {
				s.printProblems(problems)
			}
			if err == nil && failed {
				err = &verdictError{exitInvalidLab}
			}
			return err
		},
	}
	addOutput(cmd, &output)
	return cmd
}

// lint checks labs, or the whole catalogue.
func (s *State) lint(ctx context.Context, refs []string) (problem.List, error) {
	linter, err := s.linter()
	if err != nil {
		return nil, err
	}
	if len(refs) == 0 {
		refs = s.labNames()
	}
	var problems problem.List
	for _, ref := range refs {
		dir, shown, err := s.labDir(ref)
		if err != nil {
			return nil, err
		}
		_, found := linter.Check(ctx, dir, shown)
		problems = append(problems, found...)
	}
	return problems.Sorted(), ctx.Err()
}

func (s *State) linter() (lint.Linter, error) {
	env, err := expr.New()
	return lint.Linter{Known: s.known(), Env: env}, err
}

// labDir opens a lab's directory without loading the lab.
func (s *State) labDir(ref string) (dir fs.FS, shown string, err error) {
	if lab.IsPath(ref) {
		path := ref
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.Dir, path)
		}
		dir, err = lab.OpenDir(path)
		if err != nil {
			err = usage("Give the directory that holds lab.yaml.", "%w", err)
		}
		return dir, filepath.ToSlash(filepath.Clean(ref)), err
	}
	if _, _, err := (lab.Catalogue{FS: s.Catalogue}).Open(ref); err != nil {
		return nil, "", s.unknownLab(err)
	}
	dir, err = fs.Sub(s.Catalogue, ref)
	return dir, "labs/" + ref, err
}

// known are the names that labs may use and that other packages define.
func (s *State) known() lint.Known {
	k := lint.Known{
		Codes:      check.FailureCodes(),
		Components: []string{},
		Apps:       names.All(),
	}
	for _, c := range engine.Known() {
		k.Capabilities = append(k.Capabilities, string(c))
	}
	for _, c := range s.Components {
		k.Components = append(k.Components, c.Name())
	}
	for _, e := range s.Engines {
		k.Engines = append(k.Engines, e.Name())
	}
	return k
}

func (s *State) printProblems(problems problem.List) {
	for _, p := range problems {
		fmt.Fprintln(s.Stdout, p)
	}
	if len(problems) == 0 {
		fmt.Fprintln(s.Stdout, "no problems found")
	}
}

package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
	"labctl.dev/labctl/internal/lab"
)

// source is a lab as it was found: in the catalogue, in a directory of the
// user's, or in the copy that an environment keeps of such a directory.
type source struct {
	*lab.Source

	Dir    string // absolute; empty for the catalogue
	Digest string // of all its files
}

// findLab finds the lab that a user names by slug or path. A lab from a
// directory has to be sound, and trusted.
func (s *State) findLab(ctx context.Context, home environment.Home, ref string, trust bool) (*source, error) {
	if !lab.IsPath(ref) {
		return s.catalogueLab(ref)
	}
	dir := ref
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(s.Dir, dir)
	}
	src, err := s.soundLab(ctx, filepath.Clean(dir), ref)
	if err != nil {
		return nil, err
	}
	return src, s.trust(home, src, trust)
}

func (s *State) catalogueLab(name string) (*source, error) {
	found, err := lab.Catalogue{FS: s.Catalogue}.Load(name)
	if err != nil {
		return nil, s.unknownLab(err)
	}
	return digested(found, "")
}

// unknownLab gives the error of a lab that is not there the shape of the others.
func (s *State) unknownLab(err error) error {
	var unknown *lab.UnknownError
	if !errors.As(err, &unknown) {
		return err
	}
	return &environment.Problem{Code: environment.CodeUnknownLab, Message: err.Error(), Hint: "Run `labctl list` to see all labs."}
}

// openLab loads a lab from a directory; shown is how problems name it.
func (s *State) openLab(dir, shown string) (*source, error) {
	fsys, err := lab.OpenDir(dir)
	if err != nil {
		return nil, &environment.Problem{Code: environment.CodeUnknownLab, Message: err.Error(), Err: err,
			Hint: "Give the directory that holds lab.yaml; `labctl lab new NAME` makes one."}
	}
	found, problems := lab.Load(fsys, filepath.ToSlash(filepath.Clean(shown)))
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return digested(found, dir)
}

// soundLab loads a lab from a directory and makes sure that it can be started:
// what is wrong would else come up as an error of checks, hours later.
func (s *State) soundLab(ctx context.Context, dir, shown string) (*source, error) {
	src, err := s.openLab(dir, shown)
	if err != nil {
		return nil, err
	}
	linter, err := s.linter()
	if err != nil {
		return nil, err
	}
	return src, errors.Join(linter.Startable(ctx, src.Source).Err(), ctx.Err())
}

func digested(found *lab.Source, dir string) (*source, error) {
	digest, err := environment.Digest(found.FS)
	return &source{Source: found, Dir: dir, Digest: digest}, err
}

// labOf loads the lab that an environment was made from: from the catalogue, or
// from the environment's own copy.
func (s *State) labOf(env *environment.Environment) (*source, error) {
	if env.LabDir == "" {
		return s.catalogueLab(env.Lab)
	}
	src, err := s.openLab(env.SnapshotDir(), env.SnapshotDir())
	if err != nil {
		return nil, err
	}
	src.Dir = env.LabDir
	return src, nil
}

// findRequested loads the lab for a new environment, and keeps a copy of it if
// it is not of the catalogue. It runs in the supervisor; the user has been asked.
func (s *State) findRequested(ctx context.Context, home environment.Home, name string, req supervisor.Request) (*source, error) {
	if req.LabDir == "" {
		return s.catalogueLab(req.Lab)
	}
	src, err := s.soundLab(ctx, req.LabDir, req.LabDir)
	if err != nil {
		return nil, err
	}
	env := environment.Environment{Home: home, Record: environment.Record{Name: name}}
	return src, env.Snapshot(src.FS)
}

// labNames lists the catalogue for completion.
func (s *State) labNames() []string {
	names, err := lab.Catalogue{FS: s.Catalogue}.Names()
	if err != nil {
		return nil
	}
	return names
}

// asPath is a path as a person likes to read it: relative if that is shorter.
func (s *State) asPath(path string) string {
	if rel, err := filepath.Rel(s.Dir, path); err == nil && len(rel) < len(path) {
		return "." + string(os.PathSeparator) + rel
	}
	return path
}

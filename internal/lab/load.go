package lab

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/lab/problem"
	"labctl.dev/labctl/internal/lab/strictyaml"
)

// File is the name of a lab's own description in its directory.
const File = "lab.yaml"

// RuleFile is the rule for a file that is missing or cannot be read.
const RuleFile = "missing-file"

// Source is a lab as its author wrote it.
type Source struct {
	// FS is the lab's directory.
	FS fs.FS
	// Path is how problems name the directory: labs/kubernetes-101.
	Path string
	// Lab has its defaults, and its references as they are written; numbers that
	// are references are 0. See Resolve.
	Lab *Lab
	// Document knows where in lab.yaml everything stands.
	Document *strictyaml.Document
}

// Load reads lab.yaml from a lab's directory and checks its structure; package
// lint checks what it means. The source is nil when the file is not YAML at
// all; use it for nothing but lint unless Problems.Err is nil.
func Load(dir fs.FS, path string) (*Source, Problems) {
	s := &Source{FS: dir, Path: path, Lab: &Lab{}}
	document, problems := s.parse(File)
	if document == nil {
		return nil, problems
	}
	s.Document = document
	problems = append(problems, document.Decode(s.Lab, strictyaml.Options{Refers: Refers})...)
	setDefaults(s.Lab)
	return s, problems.Sorted()
}

// Name is a file's path as problems show it.
func (s *Source) Name(file string) string { return path.Join(s.Path, file) }

func (s *Source) parse(file string) (*strictyaml.Document, Problems) {
	data, err := s.Read(file)
	if err != nil {
		return nil, Problems{s.fileProblem(file, err)}
	}
	return strictyaml.Parse(s.Name(file), data)
}

func (s *Source) fileProblem(file string, err error) Problem {
	p := Problem{
		File: s.Name(file), Line: 1, Column: 1, Rule: RuleFile, Severity: problem.Error,
		Message: "the file cannot be read: " + err.Error(),
	}
	if errors.Is(err, fs.ErrNotExist) {
		p.Message = "the file does not exist"
		if file == File {
			p.Suggestion = "`labctl lab new NAME` makes a lab to start from"
		}
	}
	return p
}

// maxFile is the largest file of a lab that is read into memory.
const maxFile = 4 << 20

// Read reads a file of the lab, given by its path below the lab's directory.
// Paths that lead out of it are refused.
func (s *Source) Read(file string) ([]byte, error) {
	f, err := s.FS.Open(file)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("it has more than %d MiB", maxFile>>20)
	}
	return data, nil
}

// Cases reads verdicts/*/verdict.yaml, by name. References stay as written
// unless values are given.
func (s *Source) Cases(values *Values) ([]CaseFile, Problems) {
	entries, err := fs.ReadDir(s.FS, "verdicts")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, Problems{s.fileProblem("verdicts", err)}
	}
	var cases []CaseFile
	var problems Problems
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		c, p := s.loadCase(e.Name(), values)
		problems = append(problems, p...)
		if c.Document != nil {
			cases = append(cases, c)
		}
	}
	slices.SortFunc(cases, func(a, b CaseFile) int { return strings.Compare(a.Name, b.Name) })
	return cases, problems.Sorted()
}

// CaseFile is a case with its place.
type CaseFile struct {
	Case

	// Dir is the case's directory below the lab's: verdicts/untouched.
	Dir string
	// Document knows where in verdict.yaml everything stands.
	Document *strictyaml.Document
}

func (s *Source) loadCase(name string, values *Values) (CaseFile, Problems) {
	c := CaseFile{Case: Case{Name: name}, Dir: path.Join("verdicts", name)}
	document, problems := s.parse(path.Join(c.Dir, "verdict.yaml"))
	if document == nil {
		return c, problems
	}
	c.Document = document
	return c, append(problems, document.Decode(&c.Case, decoding(values))...)
}

func decoding(values *Values) strictyaml.Options {
	if values == nil {
		return strictyaml.Options{Refers: Refers}
	}
	return strictyaml.Options{Expand: func(text string) (string, error) { return Expand(text, *values) }}
}

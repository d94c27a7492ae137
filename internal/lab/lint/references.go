package lint

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/lab"
)

// seeds is how many environments unknownReferences tries: a parameter may draw
// a text where another draw is a number.
const seeds = 8

// unknownReferences fills the references in as an environment would.
func unknownReferences(p *pass) {
	resolved, problems := p.Resolve(0)
	for seed := uint64(1); seed < seeds && len(problems) == 0; seed++ {
		_, problems = p.Resolve(seed)
	}
	p.adopt(problems)
	if resolved == nil {
		return
	}
	if len(p.cases) > 0 { // else a start is at stake, not the proof
		_, caseProblems := p.Cases(&resolved.Values)
		p.adopt(caseProblems)
	}
	for _, file := range p.expandedFiles() {
		data, err := p.Read(file)
		if err != nil {
			continue // missingFiles tells
		}
		_, err = lab.Expand(string(data), resolved.Values)
		var unknown *lab.ReferenceError
		if errors.As(err, &unknown) {
			p.inFile(file, unknown.Line, unknown.Column, unknown.Error(), unknown.Suggestion())
		}
	}
}

// adopt takes over problems that only filling in has brought to light.
func (p *pass) adopt(problems lab.Problems) {
	for _, found := range problems {
		if !slices.Contains(p.written, found) {
			p.problems = append(p.problems, found)
		}
	}
}

// expandedFiles are the files in which references are filled in.
func (p *pass) expandedFiles() []string {
	set := map[string]bool{}
	for _, f := range p.namedFiles() {
		if inside(f.file) {
			p.addFiles(set, f.file, "")
		}
	}
	p.addFiles(set, "manifests", "")
	p.addFiles(set, ".", ".tmpl")
	files := make([]string, 0, len(set))
	for file := range set {
		files = append(files, file)
	}
	return files
}

// addFiles adds the regular files at or below a path that have a suffix.
func (p *pass) addFiles(set map[string]bool, root, suffix string) {
	_ = fs.WalkDir(p.FS, root, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.HasSuffix(file, suffix) {
			set[file] = true
		}
		return nil
	})
}

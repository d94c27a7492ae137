package lab

import (
	"bytes"
	"io/fs"
	"regexp"
	"slices"

	"labctl.dev/labctl/internal/lab/strictyaml"
)

// Head reads what a list of labs shows: lab.yaml down to its tasks, which stay
// empty but are counted. It takes a tenth of the time of Load.
func (c Catalogue) Head(name string) (*Lab, error) {
	dir, err := fs.Sub(c.FS, name)
	if err != nil {
		return nil, c.unknown(name)
	}
	s := &Source{FS: dir, Path: "labs/" + name}
	data, err := s.Read(File)
	if err != nil {
		return nil, Problems{s.fileProblem(File, err)}
	}
	head, tasks, _ := bytes.Cut(data, []byte("\ntasks:"))
	document, problems := strictyaml.Parse(s.Name(File), head)
	if document == nil {
		return nil, problems
	}
	lab := &Lab{}
	problems = append(problems, document.Decode(lab, strictyaml.Options{Refers: Refers})...)
	problems = slices.DeleteFunc(problems, func(p Problem) bool {
		return p.Rule == strictyaml.RuleMissing && !document.Has("tasks")
	})
	setDefaults(lab)
	if len(lab.Tasks) == 0 {
		lab.Tasks = make([]Task, countItems(tasks))
	}
	return lab, problems.Err()
}

// countItems counts the items of the block list that a text begins with: the
// lines with a dash at the depth of the first.
func countItems(text []byte) int {
	first := regexp.MustCompile(`(?m)^ *- `).Find(text)
	if first == nil {
		return 0
	}
	count := 0
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, first) {
			count++
		}
	}
	return count
}

package lint

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/strictyaml"
)

// namedFile is a path written in lab.yaml or a verdict.yaml. References in the
// file are filled in when it is used.
type namedFile struct {
	file   string // below the lab's directory
	what   string
	report func(message, suggestion string)
}

// namedFiles lists every file that the lab names.
func (p *pass) namedFiles() []namedFile {
	var files []namedFile
	add := func(file, what, at string) {
		files = append(files, namedFile{file, what, func(m, s string) { p.at(at, m, s) }})
	}
	for t := range p.tasks() {
		at := t.path + ".text"
		if !p.Document.Has(at) {
			at = t.path + ".id"
		}
		if t.ID != "" {
			add(t.Text, "the task's text", at)
		}
	}
	for _, e := range p.expects() {
		if e.Script != nil {
			add(e.Script.File, "the script", e.path+".script.file")
		}
	}
	for _, s := range p.stimuli() {
		if s.Apply != nil && s.Apply.File != "" {
			add(s.Apply.File, "the file to apply", s.path+".apply.file")
		}
	}
	for _, c := range p.cases {
		files = append(files, p.filesOf(c)...)
	}
	return files
}

func (p *pass) filesOf(c lab.CaseFile) []namedFile {
	var files []namedFile
	for i, step := range c.Steps {
		at := fmt.Sprintf("steps[%d]", i)
		add := func(file, what string) {
			file = path.Join(c.Dir, file)
			files = append(files, namedFile{file, what, func(m, s string) { p.inCase(c, at, m, s) }})
		}
		switch {
		case step.Script != "" && !strings.ContainsAny(step.Script, " \n"):
			add(step.Script, "the script")
		case step.Apply != "":
			add(step.Apply, "what to apply")
		case step.Copy != "":
			add(step.Copy, "what to copy")
		}
	}
	return files
}

func missingFiles(p *pass) {
	for _, f := range p.namedFiles() {
		if !inside(f.file) {
			continue // escapingPaths tells
		}
		if _, err := fs.Stat(p.FS, f.file); err != nil {
			f.report(fmt.Sprintf("%s %s does not exist", f.what, p.Name(f.file)), "write it, or correct the name")
		}
	}
}

func escapingPaths(p *pass) {
	for _, f := range p.namedFiles() {
		if f.file != "" && !inside(f.file) {
			f.report(fmt.Sprintf("%s %s is not below the lab's directory", f.what, f.file), "use a path such as checks/script.sh, without ..")
		}
	}
	_ = fs.WalkDir(p.FS, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			p.inFile(file, 1, 1, "it cannot be read: "+err.Error(), "")
		case entry.Type()&fs.ModeType&^fs.ModeDir != 0:
			p.inFile(file, 1, 1, "it is neither a file nor a directory", "put the file itself here: links do not survive being embedded")
		case entry.Name() == "go.mod":
			p.inFile(file, 1, 1, "a go.mod hides its directory from the embedded catalogue", "call it go.mod.tmpl; it is go.mod again in the workspace")
		}
		return nil
	})
}

func inside(file string) bool { return fs.ValidPath(file) && file != "." }

// badEncodings looks at the texts and scripts that the lab names; reading has
// looked at lab.yaml and the verdicts.
func badEncodings(p *pass) {
	for _, f := range p.namedFiles() {
		data, err := p.Read(f.file)
		if err != nil {
			continue // missingFiles tells, or it is a directory
		}
		for _, found := range strictyaml.CheckEncoding(p.Name(f.file), data) {
			p.add(found)
		}
	}
}

func noExplanations(p *pass) {
	for t := range p.tasks() {
		data, err := p.Read(t.Text)
		if err != nil {
			continue // missingFiles tells
		}
		if _, after, ok := strings.Cut(string(data), lab.Explanation); !ok || strings.TrimSpace(after) == "" {
			p.inFile(t.Text, 1, 1, "the task does not explain itself once it passes", "end the file with "+lab.Explanation+" and what there is to understand")
		}
	}
}

func emptyHints(p *pass) {
	for t := range p.tasks() {
		for i, hint := range t.Hints {
			if strings.TrimSpace(hint) == "" {
				p.at(fmt.Sprintf("%s.hints[%d]", t.path, i), "the hint is empty", "say something that helps, or remove it")
			}
		}
	}
}

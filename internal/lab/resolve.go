package lab

import (
	"fmt"
	"strings"
)

// Resolved is a lab for one environment: parameters drawn, references filled
// in, ready to run.
type Resolved struct {
	*Lab

	Source *Source
	Seed   uint64
	Values Values
}

// Resolve draws the lab's parameters and fills them in.
func (s *Source) Resolve(seed uint64) (*Resolved, Problems) {
	values, problems := s.values(seed)
	if len(problems) > 0 {
		return nil, problems
	}
	r := &Resolved{Lab: &Lab{}, Source: s, Seed: seed, Values: values}
	problems = s.Document.Decode(r.Lab, decoding(&values))
	setDefaults(r.Lab)
	return r, problems.Sorted()
}

// values draws the parameters, and then what may refer to them.
func (s *Source) values(seed uint64) (Values, Problems) {
	v := Values{Params: Draw(s.Lab.Params, seed), Images: map[string]string{}}
	early := Values{Params: v.Params}
	var problems Problems
	expand := func(path, text string) string {
		expanded, err := Expand(text, early)
		if err != nil {
			problems = append(problems, s.At(path, "unknown-reference", err.Error(), "only $(params.x) is possible here"))
		}
		return expanded
	}
	v.Namespace = expand("namespace", s.Lab.Namespace)
	for name, image := range s.Lab.Images {
		v.Images[name] = expand("images."+name+".ref", image.Ref)
	}
	return v, problems.Sorted()
}

// Explanation separates what a learner reads first from what is shown once the
// task passes.
const Explanation = "<!-- explanation -->"

// Text is a task's Markdown with its references filled in, and the explanation
// to show once the task passes.
func (r *Resolved) Text(t Task) (text, explanation string, err error) {
	data, err := r.Source.Read(t.Text)
	if err != nil {
		return "", "", fmt.Errorf("read the text of the task %q: %w", t.ID, err)
	}
	expanded, err := Expand(string(data), r.Values)
	if err != nil {
		return "", "", fmt.Errorf("the text of the task %q, %s: %w", t.ID, r.Source.Name(t.Text), err)
	}
	text, explanation, _ = strings.Cut(expanded, Explanation)
	return strings.TrimSpace(text), strings.TrimSpace(explanation), nil
}

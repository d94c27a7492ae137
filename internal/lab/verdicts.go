package lab

// Case is one directory of verdicts/: what is done to a fresh environment, and
// what the checks have to say then.
type Case struct {
	// Name is the directory's name; the loader sets it.
	Name string `json:"-"`
	// Kind is untouched, solution or mutant.
	Kind CaseKind `json:"kind" jsonschema:"enum=untouched,enum=solution,enum=mutant"`
	// Title says in a sentence what this way of working is.
	Title string `json:"title"`
	// Differs names how a solution differs from the others: tool, names,
	// labels, order, structure. Solutions only.
	Differs []string `json:"differs,omitempty"`
	// Base is the solution that a mutant changes. Mutants only.
	Base string `json:"base,omitempty"`
	// Nature of a mutant: typo, wrong (works but is wrong), cheat, lazy.
	Nature Nature `json:"nature,omitempty" jsonschema:"enum=typo,enum=wrong,enum=cheat,enum=lazy"`
	// Fails maps "task/check" to the code it fails with. For untouched: every
	// check that is not blocked; for a mutant: the check(s) that catch it.
	Fails map[string]string `json:"fails,omitempty"`
	// Allows lists further checks that need not pass: consequences of the
	// mutation. Blocked checks whose needs are in Fails need not be named.
	Allows []string `json:"allows,omitempty"`
	// Steps are done in order. Mutants: after the base's.
	Steps []Step `json:"steps,omitempty"`
}

// CaseKind is the kind of a Case.
type CaseKind string

// The kinds of case.
const (
	Untouched CaseKind = "untouched"
	Solution  CaseKind = "solution"
	Mutant    CaseKind = "mutant"
)

// Nature is what sort of wrong a mutant is.
type Nature string

// The natures of mutants.
const (
	Typo  Nature = "typo"
	Wrong Nature = "wrong" // works, but not as asked
	Cheat Nature = "cheat" // made to fool the check
	Lazy  Nature = "lazy"  // part of the work left out
)

// Step is one thing a learner does. Exactly one field.
type Step struct {
	// Script is a file in the case's directory, or inline if it holds a
	// newline or a space, run in the learner's workspace by labctl's own shell
	// with kubectl (pinned) on its path and params as PARAM_<NAME>, images as
	// IMAGE_<NAME>.
	Script string `json:"script,omitempty" jsonschema:"oneof_required=script"`
	// Apply is a file or directory in the case's directory, applied with
	// kubectl apply -f (or -k, if it has a kustomization.yaml) after $(params.x)
	// and $(images.x) are filled in.
	Apply string `json:"apply,omitempty" jsonschema:"oneof_required=apply"`
	// Copy is a file or directory put into the workspace, filled in likewise.
	Copy string `json:"copy,omitempty" jsonschema:"oneof_required=copy"`
	// Wait is a list of things to wait for as "deployment/web".
	Wait []string `json:"wait,omitempty" jsonschema:"oneof_required=wait"`
}

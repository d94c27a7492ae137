// Package expr is the expression language of checks: CEL over what a probe
// found, with the extension libraries that Kubernetes' own CEL has.
package expr

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
	"k8s.io/apiserver/pkg/cel/library"
)

// costLimit bounds the work of one evaluation to about a second; it is twice
// what Kubernetes allows an admission policy.
const costLimit = 2_000_000

// interruptEvery is the number of loop iterations between looks at the context.
const interruptEvery = 100

// Env compiles expressions. Making one takes about half a millisecond: make one
// per process and share it; it is safe for concurrent use.
type Env struct{ cel *cel.Env }

// Vars are what an expression sees. Values are those of decoded JSON, integers
// being int64 (see Of and FromJSON); nil maps are empty.
type Vars struct {
	Self     any               // what the probe found
	Params   map[string]any    // the drawn parameters
	Images   map[string]string // image references by name
	Recorded map[string]any    // what was recorded before the stimuli
}

// names are the variables of an expression, for suggestions.
func names() []string { return []string{"self", "params", "images", "recorded"} }

// New makes an environment.
func New() (*Env, error) {
	options := []cel.EnvOption{
		cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.EnableMacroCallTracking(), // Explain prints parts of expressions
		ext.Strings(), ext.Encoders(), ext.Sets(), ext.Math(), ext.TwoVarComprehensions(),
		ext.Lists(ext.ListsVersion(3)),
		library.Lists(library.ListsVersion(1)),
		library.Quantity(), library.Regex(), library.Format(),
		library.URLs(), library.IP(), library.CIDR(),
		library.SemverLib(library.SemverVersion(1)),
	}
	for _, name := range names() {
		options = append(options, cel.Variable(name, cel.DynType))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("build the expression environment: %w", err)
	}
	return &Env{cel: env}, nil
}

// Compile turns an expression into a program. The error is a *CompileError.
func (e *Env) Compile(text string) (*Program, error) {
	if strings.TrimSpace(text) == "" {
		return nil, &CompileError{Text: text, Issues: []Issue{{1, 1, "the expression is empty"}}}
	}
	ast, issues := e.cel.Compile(text)
	if issues.Err() != nil {
		return nil, compileError(text, issues)
	}
	return e.program(text, ast)
}

// CompileBool is Compile for an expression that has to be true or false.
func (e *Env) CompileBool(text string) (*Program, error) {
	p, err := e.Compile(text)
	if err != nil {
		return nil, err
	}
	if t := p.ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		message := fmt.Sprintf("the expression is of type %s, and a condition has to be true or false", t)
		return nil, &CompileError{Text: text, Issues: []Issue{{1, 1, message}}}
	}
	return p, nil
}

func (e *Env) program(text string, ast *cel.Ast) (*Program, error) {
	run, err := e.cel.Program(ast,
		cel.CostLimit(costLimit),
		cel.CostTracking(&library.CostEstimator{}),
		cel.InterruptCheckFrequency(interruptEvery))
	if err != nil {
		return nil, fmt.Errorf("plan the expression %q: %w", text, err)
	}
	return &Program{text: text, env: e, ast: ast, run: run}, nil
}

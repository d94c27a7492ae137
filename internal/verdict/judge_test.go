package verdict

import (
	"strings"
	"testing"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/lab"
)

func report(results map[string]check.Result) check.Report {
	var r check.Report
	for id, res := range results {
		task, name, _ := strings.Cut(id, "/")
		res.ID = name
		r.Tasks = append(r.Tasks, check.TaskResult{ID: task, Checks: []check.Result{res}})
	}
	return r
}

func TestJudge(t *testing.T) {
	pass := check.Result{Verdict: check.Pass}
	blocked := check.Result{Verdict: check.Blocked}
	failX := check.Result{Verdict: check.Fail, Code: "X"}
	mutant := lab.Case{Kind: lab.Mutant, Fails: map[string]string{"a/1": "X"}, Allows: []string{"a/2"}}
	untouched := lab.Case{Kind: lab.Untouched, Fails: map[string]string{"a/1": "X"}}
	for name, tt := range map[string]struct {
		c       lab.Case
		results map[string]check.Result
		full    bool
		allowed []string
		want    string // part of the fault; empty: none
	}{
		"a solution passes":      {lab.Case{Kind: lab.Solution}, map[string]check.Result{"a/1": pass}, true, nil, ""},
		"a solution fails":       {lab.Case{Kind: lab.Solution}, map[string]check.Result{"a/1": failX}, true, nil, "a/1: fail X"},
		"a solution is blocked":  {lab.Case{Kind: lab.Solution}, map[string]check.Result{"a/1": blocked}, true, nil, "blocked, want pass"},
		"a solution is pending":  {lab.Case{Kind: lab.Solution}, map[string]check.Result{"a/1": {Verdict: check.Pending}}, true, nil, "want pass"},
		"a mutant is caught":     {mutant, map[string]check.Result{"a/1": failX}, false, nil, ""},
		"a mutant gets through":  {mutant, map[string]check.Result{"a/1": pass}, false, nil, "a/1: pass, want fail X"},
		"a mutant, another code": {mutant, map[string]check.Result{"a/1": {Verdict: check.Fail, Code: "Y"}}, false, nil, "want fail X"},
		"a mutant is blocked, and by what": {mutant, map[string]check.Result{"a/1": blocked, "a/0": {Verdict: check.Fail, Code: "Z", Observed: "this"}}, false, nil,
			"a/0: fail Z (this)"},
		"a mutant is only pending":       {mutant, map[string]check.Result{"a/1": {Verdict: check.Pending, Code: "X"}}, false, nil, "want fail X"},
		"a mutant is not looked at":      {mutant, map[string]check.Result{"a/2": pass}, false, nil, "a/1 was not run"},
		"a mutant breaks more, full":     {mutant, map[string]check.Result{"a/1": failX, "b/1": failX}, true, nil, "b/1: fail X"},
		"a mutant breaks more, not full": {mutant, map[string]check.Result{"a/1": failX, "b/1": failX}, false, nil, ""},
		"a consequence is allowed":       {mutant, map[string]check.Result{"a/1": failX, "a/2": failX}, true, nil, ""},
		"a consequence is blocked":       {mutant, map[string]check.Result{"a/1": failX, "b/1": blocked}, true, nil, ""},
		"an error is never right":        {mutant, map[string]check.Result{"a/1": failX, "a/2": {Verdict: check.Error, Code: "E"}}, false, nil, "a/2: error E"},
		"untouched as listed":            {untouched, map[string]check.Result{"a/1": failX, "a/2": blocked}, true, nil, ""},
		"untouched passes":               {untouched, map[string]check.Result{"a/1": failX, "a/2": pass}, true, nil, "a/2: pass"},
		"untouched, not listed":          {untouched, map[string]check.Result{"a/1": failX, "a/2": failX}, true, nil, "does not list it"},
		"unassessable, not allowed":      {mutant, map[string]check.Result{"a/1": {Verdict: check.Unassessable}}, true, nil, "unassessable"},
		"unassessable, allowed":          {lab.Case{Kind: lab.Solution}, map[string]check.Result{"a/1": {Verdict: check.Unassessable}}, true, []string{"a/1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			wrong, _ := judge(tt.c, report(tt.results), tt.full, tt.allowed)
			got := strings.Join(wrong, "; ")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFlakesAreCasesThatDiffer(t *testing.T) {
	r := Report{Cases: []CaseResult{
		{Name: "a", OK: true}, {Name: "a", OK: false}, {Name: "b", OK: false}, {Name: "b", OK: false}, {Name: "c", OK: true},
	}}
	r.summarise()
	if r.OK || r.Flakes != 1 {
		t.Errorf("got ok %v, flakes %d; want false, 1", r.OK, r.Flakes)
	}
}

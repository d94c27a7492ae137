package check

import (
	"errors"
	"testing"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
)

func TestHolds(t *testing.T) {
	env, err := expr.New()
	if err != nil {
		t.Fatal(err)
	}
	object := map[string]any{"spec": map[string]any{"replicas": int64(2), "name": "x", "list": []any{}}, "bytes": "/////w=="}
	there := probe.Observation{Found: true, Self: object}
	gone := probe.Observation{}
	none := probe.Observation{Self: map[string]any{"items": []any{}}}
	some := probe.Observation{Found: true, Self: map[string]any{"items": []any{object}}}
	named := lab.Expect{Kubernetes: &lab.KubernetesProbe{Kind: "Deployment", Name: "web"}}
	list := lab.Expect{Kubernetes: &lab.KubernetesProbe{Kind: "Pod"}}
	absent := lab.Expect{Kubernetes: &lab.KubernetesProbe{Kind: "Pod", Absent: true}}
	http := lab.Expect{HTTP: &lab.HTTPProbe{}}
	answers := func(failed, status int64) probe.Observation {
		return probe.Observation{Found: true, Self: map[string]any{
			"failed": failed, "responses": []any{map[string]any{"status": status}},
		}}
	}
	tests := map[string]struct {
		x     lab.Expect
		that  string
		o     probe.Observation
		want  bool
		fault bool
		dunno bool
	}{
		"there":                          {x: named, o: there, want: true},
		"not there":                      {x: named, o: gone},
		"true":                           {x: named, that: "self.spec.replicas == params.replicas", o: there, want: true},
		"not there is never true":        {x: named, that: "true", o: gone},
		"a field the learner left out":   {x: named, that: "self.spec.missing == 1", o: there},
		"an item the learner left out":   {x: named, that: "self.spec.list[0] == 1", o: there},
		"words like those of a fault":    {x: named, that: "self.spec.name > 1 || self.spec.name == 'too much work'", o: there},
		"a type of the learner's":        {x: named, that: "self.spec.name > 1", o: there},
		"a word for a number":            {x: named, that: "int(self.spec.name) > 1", o: there},
		"a loop over what is no list":    {x: named, that: "self.spec.name.exists(c, c == 'x')", o: there},
		"bytes that are no text":         {x: named, that: "string(base64.decode(self.bytes)) == 'x'", o: there, dunno: true},
		"a parameter the lab left out":   {x: named, that: "self.spec.replicas == params.missing", o: there, fault: true},
		"an image the lab left out":      {x: named, that: "images.missing == self.spec.name", o: there, fault: true},
		"a record the lab left out":      {x: named, that: "recorded.missing == 1", o: there, fault: true},
		"neither true nor false":         {x: named, that: "self.spec.name", o: there, fault: true},
		"no items":                       {x: list, o: none},
		"items":                          {x: list, o: some, want: true},
		"no items can be judged":         {x: list, that: "!self.items.exists(i, i.bad)", o: none, want: true},
		"absent":                         {x: absent, o: none, want: true},
		"absent, but there":              {x: absent, o: some},
		"answers are enough":             {x: http, o: answers(0, 200), want: true},
		"failed answers are not":         {x: http, o: answers(1, 0)},
		"answers that say no are not":    {x: http, o: answers(0, 500)},
		"what proves nothing is not":     {x: named, o: probe.Observation{Found: true, Self: object, Unfit: "busy"}},
		"what proves nothing, with that": {x: named, that: "true", o: probe.Observation{Found: true, Self: object, Unfit: "busy"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.x.That = tt.that
			e, err := compile(env, tt.x)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.holds(t.Context(), tt.o, expr.Vars{Self: tt.o.Self, Params: map[string]any{"replicas": int64(2)}})
			var fault *expressionError
			var undecided *undecidedError
			if got != tt.want || errors.As(err, &fault) != tt.fault || errors.As(err, &undecided) != tt.dunno || (err != nil) != (tt.fault || tt.dunno) {
				t.Errorf("%v, %v; want %v, fault %v", got, err, tt.want, tt.fault)
			}
		})
	}
}

func TestWritten(t *testing.T) {
	tests := []struct {
		kind, name, that string
		want             bool
	}{
		{"Deployment", "web", "self.spec.template.spec.containers[0].image == images.v1", true},
		{"Deployment", "web", "self.status.readyReplicas == 1", false},
		{"Pod", "web", "self.spec.nodeName != ''", false},
		{"Service", "", "self.items.size() > 0", false},
	}
	for _, tt := range tests {
		x := lab.Expect{Kubernetes: &lab.KubernetesProbe{Kind: tt.kind, Name: tt.name}, That: tt.that}
		if got := written(x); got != tt.want {
			t.Errorf("%s %s %s: %v", tt.kind, tt.name, tt.that, got)
		}
	}
}

package lab_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"labctl.dev/labctl/internal/lab"
)

const sample = `apiVersion: labctl.dev/v1alpha1
name: sample
title: Sample
summary: A lab for the loader's tests.
level: beginner
minutes: 5
needs: {cluster: {}}
namespace: team-$(params.team)
params:
  team: {word: 4}
  replicas: {int: {min: 2, max: 9}}
  literal: {oneOf: ["$(params.team)", "$(params.team)"]}
images:
  web: {ref: "labctl.dev/$(params.team):v1", app: web, env: {PORT: "8080"}}
tasks:
- id: first
  title: Scale to $(params.replicas)
  hints: ["$$(params.replicas) is $(params.replicas)"]
  checks:
  - id: scaled
    title: It scales
    when:
    - scale: {of: deployment/web, replicas: $(params.replicas)}
    - apply:
        objects:
        - apiVersion: v1
          kind: ConfigMap
          metadata: {name: $(params.team)}
          spec: {number: $(params.replicas), text: "$(params.replicas)", image: $(images.web)}
    expect:
    - http: {service: web, port: 80}
      that: self.text != '$(params.team)'
      message: Ask $(node.ip).
      for: 1500ms
`

func load(t *testing.T) *lab.Source {
	t.Helper()
	source, problems := lab.Load(fstest.MapFS{
		"lab.yaml":       {Data: []byte(sample)},
		"tasks/first.md": {Data: []byte("Run $(images.web).\n\n<!-- explanation -->\nIt ran in $(namespace).\n")},
	}, "labs/sample")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return source
}

func TestLoadFillsInDefaults(t *testing.T) {
	l := load(t).Lab
	c := l.Tasks[0].Checks[0]
	got := []any{
		l.Needs.Cluster.Nodes, l.Images["web"].User, l.Tasks[0].Text, c.Points, c.Isolation, c.Evidence,
		c.Expect[0].HTTP.Method, c.Expect[0].HTTP.Path, c.Expect[0].HTTP.Port, c.Expect[0].HTTP.Count,
		c.Expect[0].HTTP.Timeout.Std(), c.Expect[0].For.Std(), c.When[0].Scale.Replicas,
	}
	want := []any{
		1, "65532", "tasks/first.md", 1, lab.Exclusive, lab.Replay,
		"GET", "/", "80", 1, 5 * time.Second, 1500 * time.Millisecond, 0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestResolve(t *testing.T) {
	source := load(t)
	r, problems := source.Resolve(3)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	team, replicas := r.Values.Params["team"].(string), r.Values.Params["replicas"].(int64)
	c := r.Tasks[0].Checks[0]
	image := "labctl.dev/" + team + ":v1"
	got := []any{
		r.Namespace, r.Images["web"].Ref, c.When[0].Scale.Replicas, c.When[1].Apply.Objects[0]["metadata"],
		c.When[1].Apply.Objects[0]["spec"], c.Expect[0].That, c.Expect[0].Message, r.Values.Params["literal"],
		r.Tasks[0].Hints[0][:len("$(params.replicas) is ")],
	}
	want := []any{
		"team-" + team, image, int(replicas), map[string]any{"name": team},
		map[string]any{"number": replicas, "text": strconv.FormatInt(replicas, 10), "image": image},
		"self.text != '$(params.team)'", "Ask $(node.ip).", "$(params.team)", "$(params.replicas) is ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if source.Lab.Tasks[0].Title != "Scale to $(params.replicas)" {
		t.Error("Resolve changed the source")
	}
	text, explanation, err := r.Text(r.Tasks[0])
	if err != nil || text != "Run "+image+"." || explanation != "It ran in team-"+team+"." {
		t.Errorf("got %q, %q, %v", text, explanation, err)
	}
}

func TestCatalogue(t *testing.T) {
	c := lab.Catalogue{FS: fstest.MapFS{
		"sample/lab.yaml": {Data: []byte(sample)}, "broken/lab.yaml": {Data: []byte("name: [")}, "README.md": {},
	}}
	if names, err := c.Names(); err != nil || strings.Join(names, " ") != "broken sample" {
		t.Errorf("got %v, %v", names, err)
	}
	if _, err := c.Load("smaple"); err == nil || !strings.Contains(err.Error(), `did you mean "sample"?`) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Load("broken"); err == nil || !strings.Contains(err.Error(), "labs/broken/lab.yaml:1:7:") {
		t.Errorf("got %v", err)
	}
	if source, err := c.Load("sample"); err != nil || source.Lab.Title != "Sample" {
		t.Errorf("got %v, %v", source, err)
	}
	head, err := c.Head("sample")
	if err != nil || head.Title != "Sample" || len(head.Tasks) != 1 {
		t.Errorf("got %+v, %v", head, err)
	}
}

package expr_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"labctl.dev/labctl/internal/expr"
)

func newEnv(t *testing.T) *expr.Env {
	t.Helper()
	env, err := expr.New()
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// vars are those of a Deployment and its pods.
func vars(t *testing.T) expr.Vars {
	t.Helper()
	self, err := expr.FromJSON([]byte(`{
		"kind": "Deployment", "ratio": 0.5, "body": "hello",
		"spec": {"replicas": 1, "template": {"spec": {"containers": [
			{"name": "web", "resources": {"limits": {"memory": "64Mi"}}}]}}},
		"labels": {"app.kubernetes.io/name": "web"},
		"none": [],
		"items": [
			{"metadata": {"name": "web-1"}, "status": {"phase": "Running"}},
			{"metadata": {"name": "web-2"}, "status": {"phase": "Pending"}},
			{"metadata": {"name": "web-3"}, "status": {}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return expr.Vars{
		Self:   self,
		Params: map[string]any{"replicas": int64(3)},
		Images: map[string]string{"web-v2": "labctl.dev/web:v2"},
	}
}

func TestEval(t *testing.T) {
	env := newEnv(t)
	for _, test := range []struct {
		expression string
		want       any
	}{
		{"self.spec.replicas + 2", int64(3)},
		{"self.spec.replicas < 1.5 && self.ratio < 1", true},
		{"params.replicas == 3", true},
		{`images["web-v2"]`, "labctl.dev/web:v2"},
		{"recorded", map[string]any{}},
		{"self.?spec.?paused.orValue(false)", false},
		{"self.?status", nil},
		{"self.items.map(p, p.metadata.name)", []any{"web-1", "web-2", "web-3"}},
		{`{"a": {"b": 1.5}}`, map[string]any{"a": map[string]any{"b": 1.5}}},
		{`quantity(self.spec.template.spec.containers[0].resources.limits.memory).isLessThan(quantity("128Mi"))`, true},
		{`"a=1 b=2".findAll("[a-z]=[0-9]")`, []any{"a=1", "b=2"}},
		{`ip("10.96.0.10").family()`, int64(4)},
		{`cidr("10.244.0.0/16").containsIP("10.244.1.5")`, true},
		{`url("http://web:8080/x").getPort()`, "8080"},
		{`[3, 1, 2].sort()`, []any{int64(1), int64(2), int64(3)}},
		{`sets.contains([1, 2], [2])`, true},
		{`semver("1.2.3").major()`, int64(1)},
		{`string(base64.decode("aGk="))`, "hi"},
		{`"A,b".lowerAscii().split(",")`, []any{"a", "b"}},
	} {
		program, err := env.Compile(test.expression)
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		got, err := program.Eval(t.Context(), vars(t))
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.expression, diff)
		}
	}
}

func TestMissing(t *testing.T) {
	env := newEnv(t)
	for expression, path := range map[string]string{
		"self.status.readyReplicas == 3":                         "self.status",
		"self.spec.strategy.type == 'x'":                         "self.spec.strategy",
		"self.spec['strategy'] == 'x'":                           `self.spec["strategy"]`,
		"self.items[3].status.phase == 'Running'":                "self.items[3]",
		"self.items.all(p, p.status.phase == 'x' || true)":       "",
		"self.items.map(p, p.status.phase).size() == 3":          "p.status.phase",
		"self.spec.replicas == 1 && self.spec.paused":            "self.spec.paused",
		"size(self.spec.template.spec.volumes) == 0":             "self.spec.template.spec.volumes",
		"self.spec.template.spec.containers[0].image == 'x'":     "self.spec.template.spec.containers[0].image",
		"params.port == 1":                                       "params.port",
		"self.labels['app.kubernetes.io/part-of'] == 'x'":        `self.labels["app.kubernetes.io/part-of"]`,
		"self.spec.replicas == params.count":                     "params.count",
		"self.spec.template.spec.containers.all(c, c.image!='')": "c.image",
	} {
		program, err := env.CompileBool(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		_, err = program.Bool(t.Context(), vars(t))
		if path == "" {
			if err != nil {
				t.Errorf("%s: %v", expression, err)
			}
			continue
		}
		var missing *expr.MissingError
		if !errors.As(err, &missing) || missing.Path != path {
			t.Errorf("%s: got %v, want %s to be missing", expression, err, path)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	env := newEnv(t)
	for _, test := range []struct {
		expression   string
		line, column int
		says         string
	}{
		{"", 1, 1, "empty"},
		{"self.a ==", 1, 10, "mismatched input"},
		{"self.a == 1 &&\n  slef.b == 2", 2, 3, `"slef"`},
		{"self.items.size()", 1, 1, "type int"},
		{"'a' + 1 == 'b'", 1, 5, "no matching overload"},
		{"self.x.matches('[')", 1, 1, ""},
	} {
		_, err := env.CompileBool(test.expression)
		var invalid *expr.CompileError
		if test.says == "" {
			continue
		}
		if !errors.As(err, &invalid) {
			t.Errorf("%q: got %v, want a CompileError", test.expression, err)
			continue
		}
		first := invalid.Issues[0]
		if first.Line != test.line || first.Column != test.column || !strings.Contains(first.Message, test.says) {
			t.Errorf("%q: got %+v, want %d:%d … %s", test.expression, first, test.line, test.column, test.says)
		}
	}
}

func TestBoundedWork(t *testing.T) {
	program, err := newEnv(t).CompileBool("self.all(a, self.all(b, self.all(c, self.all(d, a + b + c + d >= 0))))")
	if err != nil {
		t.Fatal(err)
	}
	many := make([]any, 500)
	for i := range many {
		many[i] = int64(i)
	}
	_, err = program.Bool(t.Context(), expr.Vars{Self: many})
	if !errors.Is(err, expr.ErrCost) {
		t.Errorf("got %v, want the cost limit", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = program.Bool(ctx, expr.Vars{Self: many}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestTemplateShowsWhatIsHidden(t *testing.T) {
	template, err := newEnv(t).Template(" {{ self }} ")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"as it is, ü \"": " as it is, ü \" ",
		"hello\n":        ` "hello\n" `,
		" hello":         ` " hello" `,
		"a\x1b[1mb":      ` "a\x1b[1mb" `,
		"a\u200bb":       ` "a\u200bb" `,
	} {
		if got, err := template.Render(t.Context(), expr.Vars{Self: text}); got != want || err != nil {
			t.Errorf("%q is shown as %q, %v", text, got, err)
		}
	}
}

func TestTemplate(t *testing.T) {
	env := newEnv(t)
	template, err := env.Template("{{ self.kind }} has {{self.spec.replicas}} of {{params.replicas}}, {{ self.gone }}: {{ {'a': 1} }}.")
	if err != nil {
		t.Fatal(err)
	}
	got, err := template.Render(t.Context(), vars(t))
	if want := `Deployment has 1 of 3, (not set): {"a":1}.`; got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	_, err = env.Template("first {{ self }}\nsecond {{ slef }} and {{ self")
	var invalid *expr.CompileError
	if !errors.As(err, &invalid) || len(invalid.Issues) != 2 {
		t.Fatalf("got %v, want two issues", err)
	}
	if i := invalid.Issues[0]; i.Line != 2 || i.Column != 11 {
		t.Errorf("got %+v, want it at 2:11", i)
	}
	if i := invalid.Issues[1]; i.Line != 2 || i.Column != 23 {
		t.Errorf("got %+v, want it at 2:23", i)
	}
}

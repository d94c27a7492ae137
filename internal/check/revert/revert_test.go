package revert

import (
	"encoding/json"
	"reflect"
	"testing"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

const before = `{"metadata":{"name":"web","uid":"1","labels":{"app":"web"}},
 "spec":{"replicas":2,"template":{"spec":{"containers":[
  {"name":"web","image":"shop:v1","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]},
  {"name":"side","image":"side:v1"}]}}},"status":{"replicas":2}}`

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := utiljson.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestApplyReverts(t *testing.T) {
	tests := map[string]struct {
		stimulus, learner func(map[string]any)
		want              func(map[string]any) // what is different from before in the end
	}{
		"an image":      {stimulus: image("web", "shop:v2")},
		"replicas":      {stimulus: replicas(int64(5))},
		"a removed env": {stimulus: env(map[string]any{"name": "B", "value": "2"})},
		"an added env": {stimulus: env(map[string]any{"name": "A", "value": "1"}, map[string]any{"name": "B", "value": "2"},
			map[string]any{"name": "C", "value": "3"})},
		"a new annotation": {stimulus: func(o map[string]any) {
			o["metadata"].(map[string]any)["annotations"] = map[string]any{"x": "y"}
		}},
		"keeps the learner's new image": {
			stimulus: image("web", "shop:v2"), learner: image("web", "shop:v3"), want: image("web", "shop:v3"),
		},
		"and what the learner did beside": {
			stimulus: image("web", "shop:v2"), learner: image("side", "side:v9"), want: image("side", "side:v9"),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			was, now, want := object(t, before), object(t, before), object(t, before)
			tt.stimulus(now)
			changes := remember(t, Diff(was, now))
			if len(changes) == 0 {
				t.Fatal("Diff saw no change")
			}
			if !Holds(now, changes) {
				t.Error("Holds: false right after the change")
			}
			if tt.learner != nil {
				tt.learner(now)
				tt.want(want)
			}
			Apply(now, changes)
			if !reflect.DeepEqual(now, want) {
				t.Errorf("after Apply:\n got %v\nwant %v", now, want)
			}
		})
	}
}

func TestDiffIgnoresWhatTheServerWrites(t *testing.T) {
	was, now := object(t, before), object(t, before)
	now["status"] = map[string]any{"replicas": int64(9)}
	now["metadata"].(map[string]any)["resourceVersion"] = "7"
	if changes := Diff(was, now); len(changes) != 0 {
		t.Errorf("Diff = %v, want nothing", changes)
	}
}

// remember sends the changes through JSON, as the ledger does.
func remember(t *testing.T, changes []Change) []Change {
	t.Helper()
	data, err := json.Marshal(changes)
	if err != nil {
		t.Fatal(err)
	}
	var back []Change
	if err := utiljson.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

func container(o map[string]any, name string) map[string]any {
	v, _ := get(o, []string{"spec", "template", "spec", "containers", "name=" + name})
	return v.(map[string]any)
}

func image(name, ref string) func(map[string]any) {
	return func(o map[string]any) { container(o, name)["image"] = ref }
}

func replicas(n int64) func(map[string]any) {
	return func(o map[string]any) { o["spec"].(map[string]any)["replicas"] = n }
}

func env(vars ...any) func(map[string]any) {
	return func(o map[string]any) { container(o, "web")["env"] = vars }
}

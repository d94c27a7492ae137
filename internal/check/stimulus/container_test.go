package stimulus

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/lab"
)

func TestRolloutFindsItsContainer(t *testing.T) {
	const image = "registry:5000/shop:v2"
	tests := map[string]struct {
		images string // of the containers a, b, c
		spec   lab.RolloutStimulus
		want   string // the images then, or a part of the failure
	}{
		"the only one":          {"own", lab.RolloutStimulus{Image: image}, image},
		"a sidecar first":       {"tools:1 registry:5000/shop:v1", lab.RolloutStimulus{Image: image}, "tools:1 " + image},
		"without a tag":         {"registry:5000/shop tools:1", lab.RolloutStimulus{Image: image}, image + " tools:1"},
		"with a digest":         {"tools registry:5000/shop@sha256:12", lab.RolloutStimulus{Image: image}, "tools " + image},
		"by name":               {"tools registry:5000/shop:v1", lab.RolloutStimulus{Image: image, Container: "a"}, image + " registry:5000/shop:v1"},
		"no such name":          {"tools", lab.RolloutStimulus{Image: image, Container: "web"}, "no container web in deployment web"},
		"none":                  {"tools:1 other", lab.RolloutStimulus{Image: image}, "none of its containers runs registry:5000/shop: it has a (tools:1), b (other)"},
		"several":               {"registry:5000/shop:v1 registry:5000/shop:v0", lab.RolloutStimulus{Image: image}, "more than one"},
		"environment of either": {"x y", lab.RolloutStimulus{Env: map[string]string{"A": "1"}}, "it has several: a (x), b (y)"},
	}
	for name, tt := range tests {
		var containers []any
		for i, image := range strings.Fields(tt.images) {
			containers = append(containers, map[string]any{"name": string(rune('a' + i)), "image": image})
		}
		o := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "web"}, "spec": map[string]any{
			"template": map[string]any{"spec": map[string]any{"containers": containers}},
		}}}
		err := (&rollout{spec: tt.spec}).change(o)
		var f *Failure
		if errors.As(err, &f) {
			if !strings.Contains(f.Message, tt.want) {
				t.Errorf("%s: %s", name, f.Message)
			}
			continue
		}
		var images []string
		now, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
		for _, c := range now {
			images = append(images, imageOf(c))
		}
		if got := strings.Join(images, " "); err != nil || got != tt.want {
			t.Errorf("%s: came to %s, %v", name, got, err)
		}
	}
}

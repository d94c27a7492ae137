package lab_test

import (
	"errors"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/lab"
)

func values() lab.Values {
	return lab.Values{
		Params:    map[string]any{"replicas": int64(3), "name": "bilo", "on": true},
		Images:    map[string]string{"web-v2": "labctl.dev/web:v2"},
		Namespace: "shop",
	}
}

func TestExpand(t *testing.T) {
	for text, want := range map[string]string{
		"nothing":                                                  "nothing",
		"$(params.replicas)/$(params.on)":                          "3/true",
		"é $(params.name)\n$(namespace)":                           "é bilo\nshop",
		"image: $(images.web-v2)":                                  "image: labctl.dev/web:v2",
		"$$(params.name) $(params.name)":                           "$(params.name) bilo",
		"$(date) $(kubectl get pods -o name) $(POD_IP) $$(POD_IP)": "$(date) $(kubectl get pods -o name) $(POD_IP) $$(POD_IP)",
		"http://$(node.ip):30080":                                  "http://$(node.ip):30080",
		"$(":                                                       "$(", "$(params.name": "$(params.name",
	} {
		got, err := lab.Expand(text, values())
		if err != nil || got != want {
			t.Errorf("Expand(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestEnv(t *testing.T) {
	got := strings.Join(values().Env(), " ")
	for _, want := range []string{"NAMESPACE=shop", "PARAM_REPLICAS=3", "PARAM_ON=true", "PARAM_NAME=bilo", "IMAGE_WEB_V2=labctl.dev/web:v2"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

func TestExpandUnknown(t *testing.T) {
	for _, test := range []struct {
		text         string
		line, column int
		suggestion   string
	}{
		{"$(params.replica)", 1, 1, `"params.replicas"`},
		{"a\n  é$(image.web-v2) $(params.name)", 2, 4, `"images.web-v2"`},
		{"$(params.name) $(what.ever)", 1, 16, "there is: images.web-v2, namespace"},
	} {
		_, err := lab.Expand(test.text, values())
		var unknown *lab.ReferenceError
		if !errors.As(err, &unknown) || unknown.Line != test.line || unknown.Column != test.column ||
			!strings.Contains(unknown.Suggestion(), test.suggestion) {
			t.Errorf("Expand(%q): got %#v, want it at %d:%d with %s", test.text, err, test.line, test.column, test.suggestion)
		}
	}
}

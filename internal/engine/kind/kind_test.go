package kind

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	kinderrors "sigs.k8s.io/kind/pkg/errors"
	"sigs.k8s.io/kind/pkg/exec"
	"sigs.k8s.io/yaml"
)

func TestLoggerTellsSteps(t *testing.T) {
	var told []string
	l := &logger{tell: func(text string) { told = append(told, text) }}
	l.V(0).Infof("Creating cluster %q ...\n", "labctl-x")
	l.V(0).Infof(" • %s  ...\n", "Preparing nodes 📦 📦 ")
	l.V(0).Infof(" ✓ %s\n", "Preparing nodes 📦 📦 ")
	l.V(0).Info(" • Starting control-plane 🕹️  ...\n")
	l.V(1).Info(" • nothing for users  ...\n")
	l.Warn("cgroup v1 is deprecated")
	if want := []string{"preparing nodes", "starting control-plane"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestConfig(t *testing.T) {
	var got struct {
		Networking           struct{ APIServerPort int }
		Nodes                []struct{ Role string }
		KubeadmConfigPatches []string
	}
	if err := yaml.UnmarshalStrict(config(3, 4711), &struct {
		Kind, APIVersion     string
		Networking           any
		Nodes                any
		KubeadmConfigPatches any
	}{}); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(config(3, 4711), &got); err != nil {
		t.Fatal(err)
	}
	if got.Networking.APIServerPort != 4711 || len(got.Nodes) != 3 || got.Nodes[0].Role != "control-plane" || got.Nodes[2].Role != "worker" {
		t.Errorf("got %+v", got)
	}
	for _, patch := range got.KubeadmConfigPatches {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(patch), &object); err != nil || object["kind"] == "" {
			t.Errorf("the patch %q: %v", patch, err)
		}
	}
}

func TestExplainQuotesTheCommand(t *testing.T) {
	run := &exec.RunError{Command: []string{"docker", "run"}, Output: []byte("first\n" + strings.Repeat("x\n", 20) + "no space left on device\n"), Inner: errors.New("exit status 125")}
	got := explain("preparing nodes", kinderrors.Wrap(fmt.Errorf("wrapped: %w", run), "create")).Error()
	if !strings.Contains(got, "no space left on device") || !strings.Contains(got, "preparing nodes") || strings.Contains(got, "first") {
		t.Errorf("got %q", got)
	}
	if got := explain("preparing nodes", errors.New("else")).Error(); !strings.Contains(got, "else") {
		t.Errorf("got %q", got)
	}
}

// The image that is asked for has to be the one that `make node-image` builds.
func TestOwnImageIsTheMakefiles(t *testing.T) {
	text, err := os.ReadFile("../../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^KUBE +:= (.+)$`).FindSubmatch(text)
	if version == nil || ownImage != "labctl.dev/node:v"+string(version[1]) {
		t.Errorf("the Makefile builds %s of %q", version, ownImage)
	}
}

package stimulus

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/container/containertest"
	"labctl.dev/labctl/internal/lab"
)

const webID = "c1f0000000000000000000000000000000000000000000000000000000000000"

func web(change func(*containertest.Container)) *containertest.Container {
	c := &containertest.Container{
		ID: webID, Name: "web", Starts: 1, Running: true, Mode: "shop", Networks: []string{"shop-id", "back-id"},
		Image: "sha256:mine", ImageName: "mine",
	}
	change(c)
	return c
}

// TestDockerStimuli does each and undoes it.
func TestDockerStimuli(t *testing.T) {
	same := func(*containertest.Container) {}
	for name, tt := range map[string]struct {
		do   lab.DockerStimulus
		want []string // of the engine
	}{
		"stop":       {lab.DockerStimulus{Stop: "web"}, []string{"stop web", "start web"}},
		"kill":       {lab.DockerStimulus{Kill: "web"}, []string{"kill web", "start web"}},
		"pause":      {lab.DockerStimulus{Pause: "web"}, []string{"pause web", "unpause web"}},
		"restart":    {lab.DockerStimulus{Restart: "web"}, []string{"restart web"}},
		"disconnect": {lab.DockerStimulus{Disconnect: "web", From: "back"}, []string{"disconnect web", "connect web"}},
		"recreate": {lab.DockerStimulus{Recreate: "container/web"}, []string{
			"stop web", "rename web", "create web", "connect web", "start web", "remove web", "rename labctl-aside-c1f000000000", "start web",
		}},
		"run": {lab.DockerStimulus{Run: &lab.DockerRun{Name: "labctl-trial", Image: "mine"}}, []string{"create labctl-trial", "start labctl-trial", "remove labctl-trial"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := &containertest.Engine{}
			client := containertest.Start(t, e, web(same))
			s, err := Of(&Env{Docker: client}, lab.Stimulus{Docker: &tt.do})
			if err != nil {
				t.Fatal(err)
			}
			record, err := s.Plan(t.Context())
			if err != nil || len(e.Changes()) > 0 {
				t.Fatalf("planned: %v, %v", e.Changes(), err)
			}
			if err := s.Do(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := undo.Run(t.Context(), undo.World{Docker: client}, record); err != nil || !slices.Equal(e.Changes(), tt.want) {
				t.Errorf("%q, %v; want %q", e.Changes(), err, tt.want)
			}
			now := e.Get("web")
			slices.Sort(now.Networks)
			if now.ID != webID || !now.Running || now.Paused || !reflect.DeepEqual(now.Networks, []string{"back-id", "shop-id"}) {
				t.Errorf("%+v", now)
			}
		})
	}
}

// TestWhatCannotBeDisturbed is the learner's, and nothing is done to it.
func TestWhatCannotBeDisturbed(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*containertest.Container)
		do     lab.DockerStimulus
		code   string
		text   string
	}{
		"none":                   {func(c *containertest.Container) { c.Name = "wbe" }, lab.DockerStimulus{Stop: "web"}, NotFound, "there is no container web"},
		"an ID":                  {func(c *containertest.Container) { c.Name = "wbe" }, lab.DockerStimulus{Stop: "c1f"}, NotFound, "there is no container c1f"},
		"exited":                 {func(c *containertest.Container) { c.Running = false }, lab.DockerStimulus{Kill: "web"}, NotReady, "is exited"},
		"paused":                 {func(c *containertest.Container) { c.Paused = true }, lab.DockerStimulus{Restart: "web"}, NotReady, "is paused"},
		"restarting":             {func(c *containertest.Container) { c.Restarting = true }, lab.DockerStimulus{Stop: "web"}, NotReady, "is restarting"},
		"--rm":                   {func(c *containertest.Container) { c.AutoRemove = true }, lab.DockerStimulus{Recreate: "web"}, Refused, "--rm"},
		"elsewhere":              {func(c *containertest.Container) { c.Networks = []string{"shop-id"} }, lab.DockerStimulus{Disconnect: "web", From: "back"}, NotFound, "not in the network back"},
		"a network that is none": {func(*containertest.Container) {}, lab.DockerStimulus{Disconnect: "web", From: "nowhere"}, NotFound, "not in the network nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &containertest.Engine{}
			s := &docker{env: &Env{Docker: containertest.Start(t, e, web(tt.change))}, spec: tt.do}
			_, err := s.Plan(t.Context())
			var f *Failure
			if !errors.As(err, &f) || f.Code != tt.code || !strings.Contains(f.Message, tt.text) || len(e.Changes()) > 0 {
				t.Errorf("got %v, %v", err, e.Changes())
			}
			if f != nil && f.Moving != (name == "restarting") {
				t.Errorf("moving: %v", f.Moving)
			}
		})
	}
}

// TestWhoseFaultItIs tells an engine that refuses from one that is in trouble.
func TestWhoseFaultItIs(t *testing.T) {
	run := lab.DockerStimulus{Run: &lab.DockerRun{Name: "labctl-trial", Image: "mine"}}
	mine := &containertest.Container{ID: strings.Replace(webID, "c1", "c2", 1), Name: "labctl-trial", Running: true}
	for name, tt := range map[string]struct {
		engine  *containertest.Engine
		there   []*containertest.Container
		learner bool
	}{
		"it refuses":               {&containertest.Engine{Before: func(string) error { return errors.New("unable to find user") }}, nil, true},
		"the name is the learners": {&containertest.Engine{}, []*containertest.Container{mine}, true},
		"its disk is full":         {&containertest.Engine{Before: func(string) error { return errors.New("mkdir /x: no space left on device") }}, nil, false},
		"it is gone":               {&containertest.Engine{Down: true}, nil, false},
	} {
		s := &docker{env: &Env{Docker: containertest.Start(t, tt.engine, tt.there...)}, spec: run}
		err := s.Do(t.Context())
		var f *Failure
		if err == nil || errors.As(err, &f) != tt.learner {
			t.Errorf("%s: %v", name, err)
		}
		if name == "it is gone" && !container.Unreachable(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if mine.Name != "labctl-trial" {
		t.Error("the learner's container is gone")
	}
}

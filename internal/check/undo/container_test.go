package undo

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/container/containertest"
)

const webID = "c1f0000000000000000000000000000000000000000000000000000000000000"

// broughtBack undoes a record and returns what that asked of the engine.
func broughtBack(t *testing.T, c Container, there ...*containertest.Container) (*containertest.Engine, []string, error) {
	t.Helper()
	e := &containertest.Engine{}
	client := containertest.Start(t, e, there...)
	first := Run(t.Context(), World{Docker: client}, Record{Containers: []Container{c}})
	changes := e.Changes()
	if first == nil { // once more changes nothing
		if err := Run(t.Context(), World{Docker: client}, Record{Containers: []Container{c}}); err != nil || len(e.Changes()) > len(changes) {
			t.Errorf("undone again: %v, %v", e.Changes()[len(changes):], err)
		}
	}
	return e, changes, first
}

// TestContainersComeBack undoes what stimuli did, all of it or a part, and leaves
// what the learner did since.
func TestContainersComeBack(t *testing.T) {
	web := func(change func(*containertest.Container)) *containertest.Container {
		c := &containertest.Container{ID: webID, Name: "web", Starts: 1, Running: true, Networks: []string{"shop-id"}, Mode: "shop"}
		change(c)
		return c
	}
	same := func(*containertest.Container) {}
	ended := func(c *containertest.Container) { c.Running = false }
	aside := func(c *containertest.Container) { c.Running, c.Name = false, container.Aside(webID) }
	stand := &containertest.Container{
		ID: strings.Replace(webID, "c1", "c2", 1), Name: "web", Running: true, Labels: map[string]string{container.StandIn: webID},
	}
	other := &containertest.Container{ID: strings.Replace(webID, "c1", "c3", 1), Name: "web", Running: true}
	began := web(same).StartedAt()
	held := Container{ID: webID, Name: "web", StartedAt: began, Running: true}
	stop, recreate, pause, disconnect := held, held, held, held
	stop.Stops = true
	recreate.Stops, recreate.Stand = true, true
	pause.Running, pause.Pauses = false, true
	disconnect.Running, disconnect.Network, disconnect.Endpoint = false, "shop-id", &network.EndpointSettings{}
	tests := map[string]struct {
		held  Container
		there []*containertest.Container
		want  []string
	}{
		"stopped":                          {stop, []*containertest.Container{web(ended)}, []string{"start web"}},
		"being stopped, or not begun":      {stop, []*containertest.Container{web(same)}, []string{"restart web"}},
		"started again by the learner":     {stop, []*containertest.Container{web(func(c *containertest.Container) { c.Starts = 2 })}, nil},
		"and ended again":                  {stop, []*containertest.Container{web(func(c *containertest.Container) { c.Starts, c.Running = 2, false })}, nil},
		"removed by the learner":           {stop, nil, nil},
		"ended by a command":               {held, []*containertest.Container{web(ended)}, []string{"start web"}},
		"a command that ended nothing":     {held, []*containertest.Container{web(same)}, nil},
		"paused":                           {pause, []*containertest.Container{web(func(c *containertest.Container) { c.Paused = true })}, []string{"unpause web"}},
		"paused, and stopped by others":    {pause, []*containertest.Container{web(ended)}, nil},
		"paused by others":                 {disconnect, []*containertest.Container{web(func(c *containertest.Container) { c.Paused = true })}, nil},
		"disconnected":                     {disconnect, []*containertest.Container{web(func(c *containertest.Container) { c.Networks = nil })}, []string{"connect web"}},
		"connected again by the learner":   {disconnect, []*containertest.Container{web(same)}, nil},
		"disconnected, stopped by others":  {disconnect, []*containertest.Container{web(func(c *containertest.Container) { ended(c); c.Networks = nil })}, []string{"connect web"}},
		"recreated":                        {recreate, []*containertest.Container{web(aside), stand}, []string{"remove web", "rename labctl-aside-c1f000000000", "start web"}},
		"recreated up to the new name":     {recreate, []*containertest.Container{web(aside)}, []string{"rename labctl-aside-c1f000000000", "start web"}},
		"recreated up to its end":          {recreate, []*containertest.Container{web(ended)}, []string{"start web"}},
		"undone up to the name":            {recreate, []*containertest.Container{web(ended)}, []string{"start web"}},
		"a stand-in that was renamed":      {recreate, []*containertest.Container{web(aside), renamed(stand, "web2")}, []string{"remove web2", "rename labctl-aside-c1f000000000", "start web"}},
		"recreated, and removed by others": {recreate, []*containertest.Container{stand}, []string{"remove web"}},
		"its name is another's start":      {recreate, []*containertest.Container{web(func(c *containertest.Container) { ended(c); c.Name = "mine" }), renamed(other, "c1f")}, []string{"start mine"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, changes, err := broughtBack(t, tt.held, clones(tt.there)...)
			if err != nil || !slices.Equal(changes, tt.want) {
				t.Errorf("%q, %v; want %q", changes, err, tt.want)
			}
		})
	}
}

func renamed(c *containertest.Container, name string) *containertest.Container {
	other := *c
	other.Name = name
	return &other
}

func clones(all []*containertest.Container) (copies []*containertest.Container) {
	for _, c := range all {
		copies = append(copies, renamed(c, c.Name))
	}
	return copies
}

// TestAContainerThatWasReplaced is brought back without a start: its name, and
// maybe its port, are those of what the learner has made since.
func TestAContainerThatWasReplaced(t *testing.T) {
	t.Parallel()
	mine := &containertest.Container{ID: webID, Name: container.Aside(webID), Starts: 1}
	theirs := &containertest.Container{ID: strings.Replace(webID, "c1", "c3", 1), Name: "web", Running: true}
	held := Container{ID: webID, Name: "web", StartedAt: mine.StartedAt(), Running: true, Stops: true, Stand: true}
	e := &containertest.Engine{}
	client := containertest.Start(t, e, mine, theirs)
	if err := held.restore(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if kept := e.Get(container.Aside(webID)); kept == nil || kept.Running || e.Get("web").ID != theirs.ID {
		t.Errorf("changes: %v", e.Changes())
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	t.Parallel()
	for holder, want := range map[string]string{"8000": "", "8001": "port is already allocated"} {
		mine := &containertest.Container{ID: webID, Name: "web", Starts: 1, Port: "8000"}
		theirs := &containertest.Container{ID: strings.Replace(webID, "c1", "c3", 1), Name: "web2", Running: true, Port: holder}
		e := &containertest.Engine{Before: func(change string) error {
			if change == "start web" {
				return errors.New("Bind for 0.0.0.0:8000 failed: port is already allocated")
			}
			return nil
		}}
		client := containertest.Start(t, e, mine, theirs)
		err := Container{ID: webID, Name: "web", StartedAt: mine.StartedAt(), Running: true, Stops: true}.restore(t.Context(), client)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("held by %s: %v", holder, err)
		}
	}
}

// An engine that is gone has brought nothing back.
func TestAnEngineThatIsGone(t *testing.T) {
	client := containertest.Start(t, &containertest.Engine{Down: true})
	for _, c := range []Container{{ID: webID, Name: "web", Running: true}, {ID: webID, Name: "web", Stand: true}, {Name: "labctl-trial"}} {
		if err := Run(t.Context(), World{Docker: client}, Record{Containers: []Container{c}}); !container.Unreachable(err) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := Run(t.Context(), World{}, Record{Containers: []Container{{Name: "labctl-trial"}}}); err == nil {
		t.Error("nothing is undone without Docker")
	}
}

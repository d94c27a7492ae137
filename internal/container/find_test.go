package container_test

import (
	"fmt"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/container/containertest"
)

// id makes an ID that begins with some digits.
func id(digits string) string { return digits + strings.Repeat("0", 64-len(digits)) }

func service(n int, state func(*containertest.Container)) *containertest.Container {
	c := &containertest.Container{
		ID: id(fmt.Sprintf("%x", 0xc0+n)), Name: fmt.Sprintf("p-web-%d", n),
		Labels: map[string]string{"com.docker.compose.service": "web", "com.docker.compose.project": "p"},
	}
	state(c)
	return c
}

func TestFind(t *testing.T) {
	running := func(c *containertest.Container) { c.Running = true }
	e := &containertest.Engine{}
	client := containertest.Start(t, e,
		&containertest.Container{ID: id("db"), Name: "store"},
		&containertest.Container{ID: id("1"), Name: "a.b"},
		&containertest.Container{ID: id("2"), Name: "aXb"},
		service(1, func(*containertest.Container) {}),
		service(2, func(c *containertest.Container) { running(c); c.Labels["com.docker.compose.oneoff"] = "True" }),
		service(3, func(c *containertest.Container) { running(c); c.Name = container.Aside(c.ID) }),
		service(4, running), service(5, running),
	)
	for of, want := range map[string]string{
		"store": id("db"), "container/store": id("db"), "container/a.b": id("1"), "compose/web": id("c4"),
		"db": "", "container/db": "", "container/sto": "", "compose/db": "", "container/": "",
	} {
		if got, err := client.Find(t.Context(), of); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", of, got, err, want)
		}
	}
	if raw, err := client.Inspect(t.Context(), container.Container, "db"); err != nil || raw != nil {
		t.Errorf("the beginning of an ID passes for a name: %s, %v", raw, err)
	}
	if raw, err := client.Inspect(t.Context(), container.Container, id("db")); err != nil || raw == nil {
		t.Errorf("by ID: %s, %v", raw, err)
	}
}

func TestAnEngineThatIsGone(t *testing.T) {
	client := containertest.Start(t, &containertest.Engine{Down: true})
	_, err := client.Find(t.Context(), "container/web")
	if !container.Unreachable(err) || container.Gone(err) {
		t.Errorf("got %v", err)
	}
}

// A trial takes the place of none but its like.
func TestTrialsLeaveTheLearnersAlone(t *testing.T) {
	e := &containertest.Engine{}
	mine := &containertest.Container{ID: id("1"), Name: "labctl-mine", Running: true}
	ours := &containertest.Container{ID: id("2"), Name: "labctl-trial", Running: true, Labels: map[string]string{container.TrialLabel: "true"}}
	client := containertest.Start(t, e, mine, ours)
	if err := client.Try(t.Context(), container.Spec{Name: "labctl-mine", Image: "x"}); err == nil {
		t.Error("a trial takes the name of the learner's container")
	}
	for _, name := range []string{"labctl-mine", "labctl-trial", "labctl-none"} {
		if err := client.DiscardTrial(t.Context(), name, nil); err != nil {
			t.Error(err)
		}
	}
	if e.Get("labctl-mine") == nil || e.Get("labctl-trial") != nil {
		t.Errorf("changes: %v", e.Changes())
	}
}

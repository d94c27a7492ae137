package proc

import (
	"testing"
	"time"
)

func TestKillChildrenKillsThoseOfAName(t *testing.T) {
	victim, err := Command{Path: "sleep", Args: []string{"60"}}.Start()
	if err != nil {
		t.Fatal(err)
	}
	other, err := Command{Path: "cat", Args: []string{"/dev/zero"}}.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Stop(t.Context(), 0)
	// Between fork and exec a child still has this process's name.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for victim.Err() == nil {
		KillChildren("sleep")
		select {
		case <-victim.Done():
		case <-tick.C:
		case <-deadline:
			victim.Stop(t.Context(), 0)
			t.Fatal("it lives")
		}
	}
	select {
	case <-other.Done():
		t.Error("another one was killed, too")
	default:
	}
}

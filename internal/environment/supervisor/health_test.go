package supervisor

import (
	"context"
	"errors"
	"testing"
)

// dying is a part that is asked how it is in the moment in which it ends: what asks
// it fails first, and that it has ended is known when that is said.
type dying struct {
	done chan struct{}
	ends bool
}

func (d dying) Done() <-chan struct{} { return d.done }
func (d dying) Err() error            { return errors.New("it has ended") }
func (d dying) Health(context.Context) error {
	if d.ends {
		go close(d.done)
	}
	return errors.New("no answer")
}

func TestJudge(t *testing.T) {
	for ends, want := range map[bool]Status{
		true:  {State: Broken, Health: "it has ended"},
		false: {State: Running, Health: "no answer"},
	} {
		if got := judge(t.Context(), dying{make(chan struct{}), ends}, Status{State: Running}); got != want {
			t.Errorf("ends %v: got %+v, want %+v", ends, got, want)
		}
	}
}

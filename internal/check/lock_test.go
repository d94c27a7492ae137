package check

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// Who has to wait for another run says so, and then runs.
func TestWaitingForAnotherRunIsTold(t *testing.T) {
	r := &Runner{Target: Target{Lock: filepath.Join(t.TempDir(), "lock")}}
	other := flock.New(r.Lock)
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	release, err := r.acquire(t.Context(), func() {
		defer close(told)
		if err := other.Unlock(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	release()
	select {
	case <-told:
	case <-time.After(10 * time.Second):
		t.Error("the run began beside another")
	}
}

package check

import (
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"
)

// Who has to wait for another run says so, and then runs.
func TestWaitingForAnotherRunIsTold(t *testing.T) {
	r := &Runner{Target: Target{Lock: filepath.Join(t.TempDir(), "lock")}}
	other := flock.New(r.Lock)
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	told := false
	release, err := r.acquire(t.Context(), func() {
		told = true
		if err := other.Unlock(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	release()
	if !told {
		t.Error("the run began beside another")
	}
}

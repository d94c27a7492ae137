package supervisor

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheLogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "supervisor.log")
	// after opens the log, writes n bytes and tells the sizes of both files.
	after := func(n int) (now, before int64) {
		log, err := openLog(path)
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		if _, err := log.Write(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path + ".1"); err == nil {
			before = info.Size()
		}
		info, err := log.Stat()
		if err != nil {
			t.Fatal(err)
		}
		return info.Size(), before
	}
	for i, want := range [][2]int64{{maxLog, 0}, {maxLog + 5, 0}, {5, maxLog + 5}, {10, maxLog + 5}} {
		n := 5
		if i == 0 {
			n = maxLog
		}
		if now, before := after(n); now != want[0] || before != want[1] {
			t.Errorf("start %d: %d bytes, and %d before; want %v", i+1, now, before, want)
		}
	}
}

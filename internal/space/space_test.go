package space

import (
	"os"
	"path/filepath"
	"testing"
)

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	there, _, err := Disk(dir)
	if err != nil || there == 0 {
		t.Fatalf("%d bytes, %v", there, err)
	}
	free, existing, err := Disk(filepath.Join(dir, "not", "there"))
	if err != nil || free == 0 || existing != dir {
		t.Errorf("of a directory to be made: %d bytes at %s, %v", free, existing, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Disk(filepath.Join(file, "below")); err == nil {
		t.Error("a directory below a file has space")
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[uint64]string{0: "0 MB", 700 << 20: "700 MB", 3 << 29: "1.5 GB", 40 << 30: "40.0 GB"} {
		if got := Size(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
}

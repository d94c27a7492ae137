package space

import (
	"strings"
	"testing"
)

func TestAvailable(t *testing.T) {
	got, err := available(strings.NewReader("MemTotal:       24684000 kB\nMemFree:        12000 kB\nMemAvailable:   716800 kB\n"))
	if err != nil || got != 700<<20 {
		t.Errorf("%d, %v", got, err)
	}
	if _, err := available(strings.NewReader("MemTotal: 1 kB\n")); err == nil {
		t.Error("no error without the line")
	}
	if free, known, err := Memory(); err != nil || !known || free == 0 {
		t.Errorf("this machine: %d, %v, %v", free, known, err)
	}
}

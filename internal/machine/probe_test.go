//go:build linux

package machine

import (
	"strings"
	"testing"
)

func TestProbeMemory(t *testing.T) {
	missing, err := Needs{Memory: 1 << 60}.probeMemory(t.Context())
	if err != nil || !strings.Contains(missing.What, "a lab needs 1073741824.0 GB") || missing.Remedy == "" {
		t.Errorf("with too little memory: %+v, %v", missing, err)
	}
	if missing, err := (Needs{Memory: 1}).probeMemory(t.Context()); err != nil || missing.What != "" {
		t.Errorf("with enough memory: %+v, %v", missing, err)
	}
}

func TestProbeBinaries(t *testing.T) {
	missing, err := Needs{Bin: t.TempDir(), Binaries: []string{"dockerd"}, Make: "build docker"}.probeBinaries(t.Context())
	if err != nil || !strings.Contains(missing.What, "labinit, dockerd") || !strings.Contains(missing.Remedy, "make build docker") {
		t.Errorf("%+v, %v", missing, err)
	}
}

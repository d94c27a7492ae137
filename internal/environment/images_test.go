package environment

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/lab"
)

// The images are for the machine that runs them, which may be another than labctl's.
func TestImagesAreForTheNodes(t *testing.T) {
	for name, tt := range map[string]struct {
		has   map[string]byte // programs, and the machine that their ELF header names
		arch  string
		fault string
	}{
		"the only one fits":         {map[string]byte{"labapp": amd64}, "amd64", ""},
		"one of two":                {map[string]byte{"labapp-linux-amd64": amd64, "labapp-linux-arm64": arm64}, "arm64", ""},
		"the other of two":          {map[string]byte{"labapp-linux-amd64": amd64, "labapp-linux-arm64": arm64}, "amd64", ""},
		"the only one does not fit": {map[string]byte{"labapp": amd64}, "arm64", "would run on arm64"},
		"there is none":             {nil, "amd64", "is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			for program, machine := range tt.has {
				header := append([]byte("\x7fELF"), make([]byte, 60)...)
				header[18] = machine
				if err := os.WriteFile(filepath.Join(bin, program), header, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			archive, err := imagesOf(&lab.Resolved{Lab: &lab.Lab{}}, bin, t.TempDir())(tt.arch)
			if err == nil {
				_ = archive.Close()
			}
			if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("got the error %v, want %q", err, tt.fault)
			}
		})
	}
}

// What ELF headers call the architectures.
const amd64, arm64 = 0x3e, 0xb7

func TestAnImageHasOneUserAndOneGroup(t *testing.T) {
	for user, want := range map[string]string{"65532": "65532:65532", "1000:1000": "1000:1000", "0:5": "0:5"} {
		if got := userAndGroup(user); got != want {
			t.Errorf("%s becomes %s", user, got)
		}
	}
}

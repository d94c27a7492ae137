package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/none"
)

// A lab that is broken does not hide the others.
func TestABrokenLabIsListedAsSuch(t *testing.T) {
	tiny, err := os.ReadFile("testdata/tiny/lab.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"list"}, {"list", "-o", "json"}} {
		var out, said bytes.Buffer
		s := &State{
			Args: append([]string{"labctl"}, args...), Stdout: &out, Stderr: &said, Width: 80, Engines: []engine.Engine{none.Engine{}},
			Catalogue: fstest.MapFS{"broken/lab.yaml": {Data: []byte("name: [")}, "tiny/lab.yaml": {Data: tiny}},
		}
		if code := Run(t.Context(), s); code != exitInvalidLab || !strings.Contains(out.String(), "tiny") || !strings.Contains(said.String(), "broken/lab.yaml") {
			t.Errorf("%v: exit code %d, %s, %s", args, code, out.String(), said.String())
		}
	}
}

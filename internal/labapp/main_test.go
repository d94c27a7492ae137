package labapp

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/labapp/names"
)

func run(t *testing.T, argv ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), argv, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func TestNamesAreTheAppletsSorted(t *testing.T) {
	var listed []string
	for _, a := range Applets() {
		listed = append(listed, a.Name)
	}
	if want := names.All(); !slices.Equal(listed, want) {
		t.Errorf("Applets() = %v, names.All() = %v", listed, want)
	}
	if !slices.IsSorted(listed) {
		t.Error("the list is not sorted")
	}
}

func TestMainChoosesTheApplet(t *testing.T) {
	for _, test := range []struct {
		argv   []string
		code   int
		stdout string
	}{
		{[]string{"/bin/echo", "a", "b"}, 0, "a b\n"},
		{[]string{"labapp", "echo", "a"}, 0, "a\n"},
		{[]string{"/usr/bin/labapp", "/bin/echo", "a"}, 0, "a\n"},
		{[]string{"labapp", "false"}, 1, ""},
		{[]string{"labapp", "nosuch"}, 127, ""},
		{[]string{"labapp", "head", "--nosuch"}, 2, ""},
	} {
		code, stdout, _ := run(t, test.argv...)
		if code != test.code || stdout != test.stdout {
			t.Errorf("%v: code %d, output %q; want %d, %q", test.argv, code, stdout, test.code, test.stdout)
		}
	}
}

func TestEveryAppletHasHelp(t *testing.T) {
	// By their nature these print or ignore their arguments.
	without := []string{"echo", "[", "test", "true", "false"}
	for _, name := range names.All() {
		if slices.Contains(without, name) {
			continue
		}
		code, stdout, _ := run(t, "labapp", name, "--help")
		if code != 0 || !strings.HasPrefix(stdout, "Usage: "+name) {
			t.Errorf("%s --help: code %d, output %q", name, code, stdout)
		}
	}
}

func TestListIsOneNameALine(t *testing.T) {
	_, stdout, _ := run(t, "labapp", "--list")
	if got := strings.Fields(stdout); !slices.Equal(got, names.All()) {
		t.Errorf("--list = %v", got)
	}
}

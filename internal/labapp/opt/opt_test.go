package opt

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

type values struct {
	verbose, all bool
	name         string
	n            int
	rate         float64
	wait         time.Duration
	size         int64
	many         []string
	number       int
}

func (v *values) set() *Set {
	s := New("[OPTIONS]", "Test.")
	s.Bool(&v.verbose, 'v', "verbose", "")
	s.Bool(&v.all, 'a', "", "")
	s.String(&v.name, 'n', "name", "the name").FromEnv("NAME")
	s.Int(&v.n, 'c', "count", "")
	s.Float(&v.rate, 0, "rate", "").FromEnv("RATE")
	s.Duration(&v.wait, 'w', "wait", "")
	s.Bytes(&v.size, 0, "size", "")
	s.Strings(&v.many, 'H', "header", "")
	s.String(&v.name, 0, "secret", "").FromEnv("SECRET").Hidden()
	s.Number = func(n int) { v.number = n }
	return s
}

func TestParse(t *testing.T) {
	for args, want := range map[string]struct {
		check    func(v values) bool
		operands string
	}{
		"-va x -c5 y":             {func(v values) bool { return v.verbose && v.all && v.n == 5 }, "x y"},
		"-c 5 --name=a=b":         {func(v values) bool { return v.n == 5 && v.name == "a=b" }, ""},
		"-avnjoe":                 {func(v values) bool { return v.all && v.verbose && v.name == "joe" }, ""},
		"--name joe -- -v":        {func(v values) bool { return v.name == "joe" && !v.verbose }, "-v"},
		"-H a -H b --header=c -":  {func(v values) bool { return strings.Join(v.many, "") == "abc" }, "-"},
		"--verbose=false -w 1.5":  {func(v values) bool { return !v.verbose && v.wait == 1500*time.Millisecond }, ""},
		"-w250ms --size 64Mi -20": {func(v values) bool { return v.wait == 250*time.Millisecond && v.size == 64<<20 && v.number == 20 }, ""},
	} {
		var v values
		operands, err := v.set().Parse(strings.Fields(args))
		if err != nil || !want.check(v) || strings.Join(operands, " ") != want.operands {
			t.Errorf("%s: %+v, operands %q, %v", args, v, operands, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for args, want := range map[string]string{
		"-x": "unknown option -x", "--nope": "unknown option --nope", "-n": "-n needs a value", "--name": "--name needs a value",
		"--count=many": `bad value "many" for --count`, "-w soon": "250ms, 2s", "--size big": "64Mi", "--verbose=maybe": "bad value",
	} {
		if _, err := new(values).set().Parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", args, err, want)
		}
	}
	if _, err := new(values).set().Parse([]string{"--help"}); !errors.Is(err, ErrHelp) {
		t.Errorf("--help: %v", err)
	}
}

func TestStopAtOperand(t *testing.T) {
	var v values
	s := v.set()
	s.StopAtOperand = true
	operands, err := s.Parse([]string{"-v", "ls", "-a"})
	if err != nil || !slices.Equal(operands, []string{"ls", "-a"}) || v.all {
		t.Errorf("operands %q, -a %v, %v", operands, v.all, err)
	}
}

func TestSourcesAndTheirOrder(t *testing.T) {
	var v values
	s := v.set()
	environment := map[string]string{"NAME": "env", "RATE": ""}
	if err := s.ParseEnv(func(n string) (string, bool) { x, ok := environment[n]; return x, ok }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Parse([]string{"-c", "3"}); err != nil {
		t.Fatal(err)
	}
	if err := s.ParseFile(map[string]string{"name": "file", "count": "9", "RATE": "0.5", "unknown": "x"}, "/f"); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, setting := range s.Settings() {
		got[setting.Name] = setting.Value + " from " + setting.Source
	}
	for name, want := range map[string]string{
		"name": "env from env NAME", "count": "3 from flag", "rate": "0.5 from file /f", "wait": "0s from default", "secret": "(set) from default",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
}

func TestHelpNamesEverything(t *testing.T) {
	var out strings.Builder
	new(values).set().WriteHelp(&out, "tool")
	for _, want := range []string{"Usage: tool [OPTIONS]", "-v, --verbose", "-a ", "    --rate", "the name [NAME]"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the help lacks %q:\n%s", want, out.String())
		}
	}
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{"512": 512, "1k": 1000, "1Ki": 1024, "1.5Mi": 3 << 19, "2G": 2e9, "64MiB": 64 << 20, "-1": -1, "": -1, "x": -1} {
		got, err := ParseBytes(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("ParseBytes(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

// Package opt parses the command lines of labapp's applets: POSIX short
// options that may be joined (-la, -n5), GNU long ones (--lines=5), and
// values that may also come from the environment or a properties file.
//
// It exists because the standard flag package accepts neither -la nor -n5,
// and learners type both.
package opt

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
)

// ErrHelp is returned by Parse when --help was asked for.
var ErrHelp = errors.New("help requested")

// Option is one setting of an applet.
type Option struct {
	Short rune   // 0 when it has only a long name
	Long  string // "" when it has only a short name
	Env   string // environment variable that supplies it, "" for none
	Help  string
	// Secret values are never shown by Settings.
	Secret bool

	set    func(string) error
	show   func() string
	isBool bool
	source string
}

// Set is the options of one applet. Build it in the applet's run function:
// it holds no state beyond one parse.
type Set struct {
	Usage   string // "[-al] [FILE...]", printed after the applet's name
	Summary string
	Notes   string // free text at the end of the help
	// Number, when set, receives N of a historic -N option (head -5).
	Number func(n int)
	// StopAtOperand ends the options at the first operand, as for xargs or
	// env, whose operands are another command line.
	StopAtOperand bool

	options []*Option
}

// New returns an empty set.
func New(usage, summary string) *Set { return &Set{Usage: usage, Summary: summary} }

func (s *Set) add(short rune, long, help string, set func(string) error, show func() string) *Option {
	o := &Option{Short: short, Long: long, Help: help, set: set, show: show, source: "default"}
	s.options = append(s.options, o)
	return o
}

// FromEnv names the environment variable that supplies the option when the
// command line does not.
func (o *Option) FromEnv(name string) *Option { o.Env = name; return o }

// Hidden marks the option's value as a secret.
func (o *Option) Hidden() *Option { o.Secret = true; return o }

// Bool adds a switch.
func (s *Set) Bool(p *bool, short rune, long, help string) *Option {
	o := s.add(short, long, help, func(v string) (err error) {
		*p, err = strconv.ParseBool(v)
		return err
	}, func() string { return strconv.FormatBool(*p) })
	o.isBool = true
	return o
}

// String adds a text option; *p holds its default.
func (s *Set) String(p *string, short rune, long, help string) *Option {
	return s.add(short, long, help, func(v string) error { *p = v; return nil }, func() string { return *p })
}

// Strings adds an option that may be given several times.
func (s *Set) Strings(p *[]string, short rune, long, help string) *Option {
	return s.add(short, long, help, func(v string) error { *p = append(*p, v); return nil },
		func() string { return strings.Join(*p, ",") })
}

// Int adds a whole number.
func (s *Set) Int(p *int, short rune, long, help string) *Option {
	return s.add(short, long, help, func(v string) (err error) { *p, err = strconv.Atoi(v); return err },
		func() string { return strconv.Itoa(*p) })
}

// Float adds a number.
func (s *Set) Float(p *float64, short rune, long, help string) *Option {
	return s.add(short, long, help, func(v string) (err error) { *p, err = strconv.ParseFloat(v, 64); return err },
		func() string { return strconv.FormatFloat(*p, 'g', -1, 64) })
}

// Duration adds a duration: "250ms", "2s"; a bare number means seconds.
func (s *Set) Duration(p *time.Duration, short rune, long, help string) *Option {
	return s.add(short, long, help, func(v string) (err error) { *p, err = ParseDuration(v); return err },
		func() string { return p.String() })
}

// Bytes adds a size: "64Mi", "1G", "512".
func (s *Set) Bytes(p *int64, short rune, long, help string) *Option {
	return s.add(short, long, help, func(v string) (err error) { *p, err = ParseBytes(v); return err },
		func() string { return strconv.FormatInt(*p, 10) })
}

// Func adds an option whose value is handed to set.
func (s *Set) Func(set func(string) error, short rune, long, help string) *Option {
	return s.add(short, long, help, set, func() string { return "" })
}

// Setting is one option's value and where it came from, for inspection.
type Setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"` // "default", "env NAME", "file PATH" or "flag"
}

// Settings lists every option with a long name. Secrets read "(set)" or "".
func (s *Set) Settings() []Setting {
	var out []Setting
	for _, o := range s.options {
		value := o.show()
		if o.Secret && value != "" {
			value = "(set)"
		}
		if o.Long != "" {
			out = append(out, Setting{o.Long, value, o.source})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func (o *Option) name() string {
	if o.Long != "" {
		return "--" + o.Long
	}
	return "-" + string(o.Short)
}

func (o *Option) assign(value, source string) error {
	if err := o.set(value); err != nil {
		var syntax *strconv.NumError
		if errors.As(err, &syntax) {
			err = syntax.Err
		}
		return fmt.Errorf("bad value %q for %s (from %s): %w", value, o.name(), source, err)
	}
	o.source = source
	return nil
}

package opt

import (
	"fmt"
	"strconv"
	"strings"
)

// Parse reads the arguments (without the command's name) and returns the
// operands. It returns ErrHelp when --help is among the options.
func (s *Set) Parse(args []string) ([]string, error) {
	var operands []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		var used int
		var err error
		switch {
		case arg == "--":
			return append(operands, args[i+1:]...), nil
		case strings.HasPrefix(arg, "--"):
			used, err = s.long(arg[2:], args[i+1:])
		case len(arg) > 1 && arg[0] == '-':
			used, err = s.short(arg[1:], args[i+1:])
		case s.StopAtOperand:
			return append(operands, args[i:]...), nil
		default:
			operands = append(operands, arg)
		}
		if err != nil {
			return nil, err
		}
		i += used
	}
	return operands, nil
}

// ParseEnv fills the options that name an environment variable from lookup
// (os.LookupEnv). Call it before Parse so that the command line wins. An
// empty variable counts as not set.
func (s *Set) ParseEnv(lookup func(string) (string, bool)) error {
	for _, o := range s.options {
		if o.Env == "" {
			continue
		}
		if value, ok := lookup(o.Env); ok && value != "" {
			if err := o.assign(value, "env "+o.Env); err != nil {
				return err
			}
		}
	}
	return nil
}

// ParseFile fills options from properties (key: value or key = value). Keys
// are long names or environment names; keys that are neither are ignored, as
// a ConfigMap may carry more than this program knows. Options already set by
// the environment or the command line keep their value.
func (s *Set) ParseFile(properties map[string]string, path string) error {
	for key, value := range properties {
		for _, o := range s.options {
			if (o.Long == key || o.Env == key) && o.source == "default" {
				if err := o.assign(value, "file "+path); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *Set) long(arg string, rest []string) (used int, err error) {
	name, value, hasValue := strings.Cut(arg, "=")
	if name == "help" {
		return 0, ErrHelp
	}
	for _, o := range s.options {
		if o.Long != name {
			continue
		}
		switch {
		case hasValue:
		case o.isBool:
			value = "true"
		case len(rest) == 0:
			return 0, fmt.Errorf("--%s needs a value", name)
		default:
			value, used = rest[0], 1
		}
		return used, o.assign(value, "flag")
	}
	return 0, fmt.Errorf("unknown option --%s", name)
}

func (s *Set) short(cluster string, rest []string) (used int, err error) {
	if n, err := strconv.Atoi(cluster); err == nil && s.Number != nil {
		s.Number(n)
		return 0, nil
	}
	for i, c := range cluster {
		o := s.byShort(c)
		if o == nil {
			return 0, fmt.Errorf("unknown option -%c", c)
		}
		if o.isBool {
			if err := o.assign("true", "flag"); err != nil {
				return 0, err
			}
			continue
		}
		if value := cluster[i+len(string(c)):]; value != "" {
			return 0, o.assign(value, "flag")
		}
		if len(rest) == 0 {
			return 0, fmt.Errorf("-%c needs a value", c)
		}
		return 1, o.assign(rest[0], "flag")
	}
	return 0, nil
}

func (s *Set) byShort(c rune) *Option {
	for _, o := range s.options {
		if o.Short == c {
			return o
		}
	}
	return nil
}

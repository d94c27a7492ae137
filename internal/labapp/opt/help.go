package opt

import (
	"fmt"
	"io"
	"strings"
)

// WriteHelp prints the usage, one line an option, and the notes.
func (s *Set) WriteHelp(w io.Writer, name string) {
	fmt.Fprintf(w, "Usage: %s %s\n\n%s\n", name, s.Usage, s.Summary)
	if len(s.options) > 0 {
		fmt.Fprintln(w, "\nOptions:")
	}
	for _, o := range s.options {
		help := o.Help
		if value := o.show(); !o.isBool && value != "" && !o.Secret {
			help += " (default " + value + ")"
		}
		if o.Env != "" {
			help += " [" + o.Env + "]"
		}
		fmt.Fprintf(w, "  %-24s %s\n", o.spelling(), help)
	}
	if s.Notes != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(s.Notes))
	}
}

func (o *Option) spelling() string {
	switch {
	case o.Short == 0:
		return "    --" + o.Long
	case o.Long == "":
		return "-" + string(o.Short)
	}
	return "-" + string(o.Short) + ", --" + o.Long
}

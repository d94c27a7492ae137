package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// schemaVersion is the version of every JSON document that -o json prints.
const schemaVersion = 1

// versioned begins every JSON document.
type versioned struct {
	SchemaVersion int `json:"schemaVersion"`
}

func version1() versioned { return versioned{schemaVersion} }

// errorDocument is printed instead of a command's own when it failed.
type errorDocument struct {
	versioned
	Error fault `json:"error"`
}

// fault is what -o json says of an error.
type fault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

// format is the value of --output.
type format string

const (
	formatText format = "text"
	formatJSON format = "json"
)

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "format" }

// Set refuses what is not a format.
func (f *format) Set(value string) error {
	switch v := format(value); v {
	case formatText, formatJSON:
		*f = v
		return nil
	default:
		return fmt.Errorf("choose text or json")
	}
}

// addOutput gives a command the flag -o.
func addOutput(cmd *cobra.Command, f *format) {
	*f = formatText
	cmd.Flags().VarP(f, "output", "o", "output `format`: text or json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// printJSON prints a document.
func printJSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
}

// wantsJSON says whether the command line asks for JSON, even if it is wrong
// otherwise.
func wantsJSON(args []string) bool {
	for i, a := range args {
		switch {
		case a == "--":
			return false
		case a == "-ojson" || a == "-o=json" || a == "--output=json":
			return true
		case (a == "-o" || a == "--output") && i+1 < len(args) && args[i+1] == "json":
			return true
		}
	}
	return false
}

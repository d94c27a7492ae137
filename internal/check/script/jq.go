package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/itchyny/gojq"
)

// jqRun is one command line of jq.
type jqRun struct {
	call
	raw, rawInput, compact, nullInput, slurp, exit, joined bool
	filter                                                 string
	files                                                  []string
	names                                                  []string
	values                                                 []any
}

// jq runs a filter over JSON values: -r -c -n -s -e -j, --arg, --argjson; with -R over
// lines of text.
func jq(ctx context.Context, c call) int {
	j := &jqRun{call: c}
	if err := j.parse(c.args); err != nil {
		fmt.Fprintf(c.hc.Stderr, "jq: %v\n", err)
		return 2
	}
	query, err := gojq.Parse(j.filter)
	if err != nil {
		fmt.Fprintf(c.hc.Stderr, "jq: %v\n", err)
		return 3
	}
	code, err := gojq.Compile(query, gojq.WithVariables(j.names))
	if err != nil {
		fmt.Fprintf(c.hc.Stderr, "jq: %v\n", err)
		return 3
	}
	inputs, err := j.inputs()
	if err != nil {
		fmt.Fprintf(c.hc.Stderr, "jq: %v\n", err)
		return 2
	}
	last := any(nil)
	for _, in := range inputs {
		results := code.RunWithContext(ctx, in, j.values...)
		for v, ok := results.Next(); ok; v, ok = results.Next() {
			if err, isErr := v.(error); isErr {
				fmt.Fprintf(c.hc.Stderr, "jq: error: %v\n", err)
				return 5
			}
			last = v
			if err := j.print(v); err != nil {
				return c.fail(err)
			}
		}
	}
	if j.exit && (last == nil || last == false) {
		return 1
	}
	return 0
}

func (j *jqRun) parse(args []string) error {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--arg" || arg == "--argjson":
			if i+2 >= len(args) {
				return fmt.Errorf("%s takes a name and a value", arg)
			}
			if err := j.bind(args[i+1], args[i+2], arg == "--argjson"); err != nil {
				return err
			}
			i += 2
		case strings.HasPrefix(arg, "-") && len(arg) > 1:
			if err := j.option(arg); err != nil {
				return err
			}
		case j.filter == "":
			j.filter = arg
		default:
			j.files = append(j.files, arg)
		}
	}
	if j.filter == "" {
		return errors.New("the filter is missing")
	}
	return nil
}

func (j *jqRun) option(arg string) error {
	long := map[string]string{
		"--raw-output": "r", "--compact-output": "c", "--null-input": "n", "--slurp": "s", "--exit-status": "e", "--join-output": "j",
		"--raw-input": "R",
	}
	letters := strings.TrimPrefix(arg, "-")
	if l, ok := long[arg]; ok {
		letters = l
	}
	flags := map[rune]*bool{'r': &j.raw, 'c': &j.compact, 'n': &j.nullInput, 's': &j.slurp, 'e': &j.exit, 'j': &j.joined, 'R': &j.rawInput}
	for _, letter := range letters {
		flag, ok := flags[letter]
		if !ok {
			return fmt.Errorf("unknown option %s", arg)
		}
		*flag = true
	}
	return nil
}

func (j *jqRun) bind(name, text string, isJSON bool) error {
	var value any = text
	if isJSON {
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return fmt.Errorf("the value of $%s: %w", name, err)
		}
	}
	j.names, j.values = append(j.names, "$"+name), append(j.values, value)
	return nil
}

// inputs reads all values there are.
func (j *jqRun) inputs() ([]any, error) {
	if j.nullInput {
		return []any{nil}, nil
	}
	readers := []io.Reader{}
	for _, name := range j.files {
		data, err := os.ReadFile(absolute(j.hc.Dir, name))
		if err != nil {
			return nil, err
		}
		readers = append(readers, strings.NewReader(string(data)))
	}
	if len(j.files) == 0 {
		readers = append(readers, stdin(j.hc))
	}
	all := io.MultiReader(readers...)
	if j.rawInput {
		return j.lines(all)
	}
	return j.documents(all)
}

// lines reads text: each line is a value, or, slurped, all of it.
func (j *jqRun) lines(r io.Reader) ([]any, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	// As in jq, what is no UTF-8 is replaced.
	text := strings.ToValidUTF8(string(data), "\uFFFD")
	if j.slurp {
		return []any{text}, nil
	}
	values := []any{}
	for line := range strings.Lines(text) {
		values = append(values, strings.TrimSuffix(line, "\n"))
	}
	return values, nil
}

// documents reads JSON values.
func (j *jqRun) documents(r io.Reader) ([]any, error) {
	values := []any{}
	decoder := json.NewDecoder(r)
	for {
		var v any
		err := decoder.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	if j.slurp {
		return []any{values}, nil
	}
	return values, nil
}

func (j *jqRun) print(v any) error {
	text, isText := v.(string)
	if !isText || !j.raw && !j.joined {
		data, err := gojq.Marshal(v)
		if err != nil {
			return err
		}
		if text = string(data); !j.compact {
			text = indent(data)
		}
	}
	if !j.joined {
		text += "\n"
	}
	_, err := io.WriteString(j.hc.Stdout, text)
	return err
}

func indent(data []byte) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(json.RawMessage(data)) != nil {
		return string(data)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

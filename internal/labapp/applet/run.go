package applet

import (
	"bufio"
	"errors"
	"io"
	"os"

	"labctl.dev/labctl/internal/labapp/opt"
)

// Operands parses options for an applet that has none of its own and wants
// at least min operands.
func (p *Process) Operands(usage, summary string, min int) ([]string, error) {
	operands, err := p.Parse(opt.New(usage, summary))
	if err == nil && len(operands) < min {
		err = Usagef("missing operand: want %s", usage)
	}
	return operands, err
}

// EachInput calls f with every file named, or with standard input when there
// is none or for "-". An input that cannot be read is reported and skipped;
// the result is then Exit(1).
func (p *Process) EachInput(files []string, f func(name string, r io.Reader) error) error {
	if len(files) == 0 {
		return f("-", p.Stdin)
	}
	var result error
	for _, name := range files {
		if err := p.oneInput(name, f); err != nil {
			if path := (*os.PathError)(nil); !errors.As(err, &path) {
				return err
			}
			result = p.Errorf("%v", err)
		}
	}
	return result
}

func (p *Process) oneInput(name string, f func(string, io.Reader) error) error {
	if name == "-" {
		return f(name, p.Stdin)
	}
	file, err := os.Open(p.Path(name))
	if err != nil {
		return err
	}
	defer file.Close()
	return f(name, file)
}

// EachLine calls f with every line of r, without its newline, until f returns
// false. Lines may be up to 16 MiB long.
func EachLine(r io.Reader, f func(line string) bool) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 64<<10), 16<<20)
	for scanner.Scan() {
		if !f(scanner.Text()) {
			return nil
		}
	}
	return scanner.Err()
}

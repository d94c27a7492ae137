package text

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"

	"labctl.dev/labctl/internal/labapp/applet"
)

// Echo prints its arguments. Its options are read by hand: echo must print
// what it does not know.
func Echo(_ context.Context, p *applet.Process) error {
	args, end, escapes := p.Args, "\n", false
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && strings.Trim(args[0][1:], "neE") == "" {
		if strings.Contains(args[0], "n") {
			end = ""
		}
		escapes = strings.Contains(args[0], "e")
		args = args[1:]
	}
	text := strings.Join(args, " ")
	if escapes {
		formatted, _, err := expand.Format(&expand.Config{}, text, nil) // nil: % is no format
		if err != nil {
			return err
		}
		text = formatted
	}
	_, err := io.WriteString(p.Stdout, text+end)
	return err
}

// Printf prints its arguments as a format says, again and again while there
// are arguments left.
func Printf(_ context.Context, p *applet.Process) error {
	operands, err := p.Operands("FORMAT [ARG...]", "Print the arguments as FORMAT says.", 1)
	if err != nil {
		return err
	}
	format, args := operands[0], operands[1:]
	for {
		text, used, err := expand.Format(&expand.Config{}, format, args)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(p.Stdout, text); err != nil {
			return err
		}
		args = args[used:]
		if used == 0 || len(args) == 0 {
			return nil
		}
	}
}

// Seq prints numbers.
func Seq(_ context.Context, p *applet.Process) error {
	operands := p.Args
	if len(operands) == 0 || len(operands) > 3 || operands[0] == "--help" {
		_, err := p.Operands("[FIRST [STEP]] LAST", "Print the whole numbers from FIRST (1) to LAST.", 1)
		return err
	}
	numbers := []int{}
	for _, text := range operands {
		n, err := strconv.Atoi(text)
		if err != nil {
			return applet.Usagef("%q is not a whole number", text)
		}
		numbers = append(numbers, n)
	}
	first, step, last := 1, 1, numbers[len(numbers)-1]
	if len(numbers) > 1 {
		first = numbers[0]
	}
	if len(numbers) == 3 {
		step = numbers[1]
	}
	if step == 0 {
		return applet.Usagef("a step of 0 never ends")
	}
	w := bufio.NewWriter(p.Stdout)
	for n := first; step > 0 && n <= last || step < 0 && n >= last; n += step {
		if _, err := fmt.Fprintln(w, n); err != nil {
			return err
		}
	}
	return w.Flush()
}

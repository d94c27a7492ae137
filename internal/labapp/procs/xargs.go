package procs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Xargs runs a command with arguments read from standard input.
func Xargs(ctx context.Context, p *applet.Process) error {
	var zero, notEmpty bool
	perRun, replace := 1000, ""
	set := opt.New("[-0r] [-n MAX] [-I TEXT] [COMMAND [ARG...]]", "Run COMMAND (echo) with the words of standard input as further arguments.")
	set.Bool(&zero, '0', "null", "words end with a NUL byte, as find -print0 writes them")
	set.Bool(&notEmpty, 'r', "no-run-if-empty", "do not run when there are no words")
	set.Int(&perRun, 'n', "max-args", "at most this many words a run")
	set.String(&replace, 'I', "", "run once a line, with this text replaced by the line")
	set.StopAtOperand = true
	command, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(command) == 0 {
		command = []string{"echo"}
	}
	if perRun < 1 {
		return applet.Usagef("-n wants at least 1")
	}
	words, err := readWords(p.Stdin, zero, replace != "")
	if err != nil {
		return err
	}
	child := *p
	child.Stdin = bytes.NewReader(nil)
	var failed error
	for _, args := range commandLines(command, words, perRun, replace, notEmpty) {
		var exit applet.Exit
		switch err := run(ctx, &child, args, os.Environ()); {
		case errors.As(err, &exit) && exit == 127:
			return err
		case err != nil:
			failed = applet.Exit(123)
		}
	}
	return failed
}

func commandLines(command, words []string, perRun int, replace string, notEmpty bool) [][]string {
	var lines [][]string
	if replace != "" {
		for _, word := range words {
			var line []string
			for _, arg := range command {
				line = append(line, strings.ReplaceAll(arg, replace, word))
			}
			lines = append(lines, line)
		}
		return lines
	}
	if len(words) == 0 && !notEmpty {
		return [][]string{command}
	}
	for len(words) > 0 {
		n := min(perRun, len(words))
		lines = append(lines, append(append([]string{}, command...), words[:n]...))
		words = words[n:]
	}
	return lines
}

// readWords splits at blanks (with quotes, as xargs does), lines or NULs.
func readWords(r io.Reader, zero, lines bool) ([]string, error) {
	if !zero && !lines {
		content, err := io.ReadAll(r)
		return splitQuoted(string(content)), err
	}
	end := byte('\n')
	if zero {
		end = 0
	}
	in := bufio.NewReader(r)
	var words []string
	for {
		word, err := in.ReadString(end)
		word = strings.TrimSuffix(word, string(end))
		if word != "" {
			words = append(words, word)
		}
		if err == io.EOF {
			return words, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func splitQuoted(text string) []string {
	var words []string
	var word strings.Builder
	started, quote := false, rune(0)
	for _, c := range text {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, started = c, true
		case quote == 0 && strings.ContainsRune(" \t\n", c):
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteRune(c)
			started = true
		}
	}
	if started {
		words = append(words, word.String())
	}
	return words
}

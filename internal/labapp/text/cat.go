package text

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Cat prints files one after the other.
func Cat(_ context.Context, p *applet.Process) error {
	var number bool
	set := opt.New("[-n] [FILE...]", "Print files one after the other.")
	set.Bool(&number, 'n', "number", "number the lines")
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	line := 0
	return p.EachInput(files, func(_ string, r io.Reader) error {
		if !number {
			_, err := io.Copy(p.Stdout, r)
			return err
		}
		return applet.EachLine(r, func(text string) bool {
			line++
			fmt.Fprintf(p.Stdout, "%6d\t%s\n", line, text)
			return true
		})
	})
}

// Tee copies standard input to files and standard output.
func Tee(_ context.Context, p *applet.Process) error {
	var appendTo bool
	set := opt.New("[-a] [FILE...]", "Copy standard input to the files and to standard output.")
	set.Bool(&appendTo, 'a', "append", "append instead of replacing")
	names, err := p.Parse(set)
	if err != nil {
		return err
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if appendTo {
		flags = os.O_CREATE | os.O_WRONLY | os.O_APPEND
	}
	writers := []io.Writer{p.Stdout}
	var failed error
	for _, name := range names {
		file, err := os.OpenFile(p.Path(name), flags, 0o666)
		if err != nil {
			failed = p.Errorf("%v", err)
			continue
		}
		defer file.Close()
		writers = append(writers, file)
	}
	if _, err := io.Copy(io.MultiWriter(writers...), p.Stdin); err != nil {
		return err
	}
	return failed
}

// Wc counts lines, words and bytes.
func Wc(_ context.Context, p *applet.Process) error {
	var lines, words, bytes bool
	set := opt.New("[-lwc] [FILE...]", "Count lines, words and bytes.")
	set.Bool(&lines, 'l', "lines", "lines only")
	set.Bool(&words, 'w', "words", "words only")
	set.Bool(&bytes, 'c', "bytes", "bytes only")
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	if !lines && !words && !bytes {
		lines, words, bytes = true, true, true
	}
	print := func(name string, counts [3]int) {
		var fields []string
		for i, wanted := range []bool{lines, words, bytes} {
			if wanted {
				fields = append(fields, fmt.Sprint(counts[i]))
			}
		}
		if name != "-" {
			fields = append(fields, name)
		}
		fmt.Fprintln(p.Stdout, strings.Join(fields, " "))
	}
	var total [3]int
	err = p.EachInput(files, func(name string, r io.Reader) error {
		counts, err := count(r)
		for i, n := range counts {
			total[i] += n
		}
		if err == nil {
			print(name, counts)
		}
		return err
	})
	if len(files) > 1 {
		print("total", total)
	}
	return err
}

// count returns lines, words and bytes.
func count(r io.Reader) (counts [3]int, err error) {
	buf := make([]byte, 64<<10)
	inWord := false
	for {
		n, err := r.Read(buf)
		counts[2] += n
		for _, c := range buf[:n] {
			if c == '\n' {
				counts[0]++
			}
			space := c == ' ' || c >= '\t' && c <= '\r'
			if !space && !inWord {
				counts[1]++
			}
			inWord = !space
		}
		if err == io.EOF {
			return counts, nil
		}
		if err != nil {
			return counts, err
		}
	}
}

package text

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Head prints the first lines of files.
func Head(_ context.Context, p *applet.Process) error {
	lines, bytes := 10, -1
	set := opt.New("[-n LINES | -c BYTES | -LINES] [FILE...]", "Print the first lines of each file.")
	set.Int(&lines, 'n', "lines", "how many lines")
	set.Int(&bytes, 'c', "bytes", "how many bytes instead")
	set.Number = func(n int) { lines = n }
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	titles := newTitles(p, files)
	return p.EachInput(files, func(name string, r io.Reader) error {
		titles.print(name)
		if bytes >= 0 {
			_, err := io.CopyN(p.Stdout, r, int64(bytes))
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		}
		left := lines
		if left <= 0 {
			return nil
		}
		return applet.EachLine(r, func(line string) bool {
			fmt.Fprintln(p.Stdout, line)
			left--
			return left > 0
		})
	})
}

// titles prints "==> name <==" before each file when there are several.
type titles struct {
	p     *applet.Process
	many  bool
	first bool
}

func newTitles(p *applet.Process, files []string) *titles {
	return &titles{p, len(files) > 1, true}
}

func (t *titles) print(name string) {
	if !t.many {
		return
	}
	if !t.first {
		fmt.Fprintln(t.p.Stdout)
	}
	t.first = false
	fmt.Fprintf(t.p.Stdout, "==> %s <==\n", name)
}

type amount struct {
	n         int
	fromStart bool // +N: begin with the Nth
	bytes     bool
}

// Tail prints the last lines of files, or what is appended to one.
func Tail(ctx context.Context, p *applet.Process) error {
	a := amount{n: 10}
	parse := func(bytes bool) func(string) error {
		return func(v string) (err error) {
			a.bytes, a.fromStart = bytes, strings.HasPrefix(v, "+")
			a.n, err = strconv.Atoi(strings.TrimLeft(v, "+-"))
			return err
		}
	}
	var follow bool
	set := opt.New("[-n [+]LINES | -c [+]BYTES | -LINES] [-f] [FILE...]",
		"Print the last lines of each file (default 10); +N prints from the Nth on.")
	set.Func(parse(false), 'n', "lines", "how many lines")
	set.Func(parse(true), 'c', "bytes", "how many bytes instead")
	set.Bool(&follow, 'f', "follow", "go on printing what is appended (one file)")
	set.Bool(&follow, 'F', "", "the same")
	set.Number = func(n int) { a = amount{n: n} }
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	if follow && len(files) > 1 {
		return applet.Usagef("-f follows one file")
	}
	titles := newTitles(p, files)
	return p.EachInput(files, func(name string, r io.Reader) error {
		titles.print(name)
		if err := a.print(p.Stdout, r); err != nil {
			return err
		}
		if file, ok := r.(*os.File); ok && follow && name != "-" {
			return followFile(ctx, p.Stdout, file)
		}
		return nil
	})
}

func (a amount) print(w io.Writer, r io.Reader) error {
	in := bufio.NewReaderSize(r, 64<<10)
	switch {
	case a.fromStart && a.bytes:
		if _, err := io.CopyN(io.Discard, in, int64(max(a.n-1, 0))); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		_, err := io.Copy(w, in)
		return err
	case a.fromStart:
		for range a.n - 1 {
			if _, err := in.ReadString('\n'); err != nil {
				break
			}
		}
		_, err := io.Copy(w, in)
		return err
	}
	return a.printLast(w, in)
}

// printLast keeps the last n bytes or lines while it reads to the end.
func (a amount) printLast(w io.Writer, in *bufio.Reader) error {
	var kept [][]byte
	size := 0
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			kept, size = append(kept, line), size+len(line)
		}
		for len(kept) > 0 && (!a.bytes && len(kept) > a.n || a.bytes && size-len(kept[0]) >= a.n) {
			size -= len(kept[0])
			kept = kept[1:]
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if errors.Is(err, io.EOF) {
			break
		}
	}
	for i, line := range kept {
		if i == 0 && a.bytes && size > a.n {
			line = line[size-a.n:]
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// followFile prints what is appended until ctx ends; a file that shrinks was
// truncated and is read from its start again.
func followFile(ctx context.Context, w io.Writer, file *os.File) error {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		if _, err := io.Copy(w, file); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		at, err := file.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if info, err := file.Stat(); err == nil && info.Size() < at {
			if _, err := file.Seek(0, io.SeekStart); err != nil {
				return err
			}
		}
	}
}

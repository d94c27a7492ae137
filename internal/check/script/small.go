package script

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sleep takes seconds, or a number with a unit.
func sleep(ctx context.Context, c call) int {
	if len(c.args) != 1 {
		return c.fail(errors.New("want one duration"))
	}
	d, err := time.ParseDuration(c.args[0])
	if n, e := strconv.ParseFloat(c.args[0], 64); e == nil {
		d, err = time.Duration(n*float64(time.Second)), nil
	}
	if err != nil {
		return c.fail(err)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return 0
	case <-ctx.Done():
		return 130
	}
}

// date knows +%s; everything else is UTC in RFC 3339.
func date(_ context.Context, c call) int {
	now := time.Now().UTC()
	if slices.Contains(c.args, "+%s") {
		fmt.Fprintln(c.hc.Stdout, now.Unix())
		return 0
	}
	fmt.Fprintln(c.hc.Stdout, now.Format(time.RFC3339))
	return 0
}

// base64Tool encodes standard input, or decodes it with -d.
func base64Tool(_ context.Context, c call) int {
	data, err := io.ReadAll(stdin(c.hc))
	if err != nil {
		return c.fail(err)
	}
	if slices.Contains(c.args, "-d") || slices.Contains(c.args, "--decode") {
		plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), ""))
		if err != nil {
			return c.fail(err)
		}
		_, _ = c.hc.Stdout.Write(plain) // the reader has left
		return 0
	}
	fmt.Fprintln(c.hc.Stdout, base64.StdEncoding.EncodeToString(data))
	return 0
}

// split separates flags from operands.
func split(args []string) (flags string, operands []string) {
	for _, a := range args {
		if strings.HasPrefix(a, "-") {
			flags += strings.TrimLeft(a, "-")
		} else {
			operands = append(operands, a)
		}
	}
	return flags, operands
}

func mkdir(_ context.Context, c call) int {
	flags, dirs := split(c.args)
	for _, d := range dirs {
		err := os.Mkdir(d, 0o755)
		if strings.Contains(flags, "p") {
			err = os.MkdirAll(d, 0o755)
		}
		if err != nil {
			return c.fail(err)
		}
	}
	return 0
}

func rm(_ context.Context, c call) int {
	flags, files := split(c.args)
	for _, f := range files {
		err := os.Remove(f)
		if strings.ContainsAny(flags, "rR") {
			err = os.RemoveAll(f)
		}
		if err != nil && !(strings.Contains(flags, "f") && errors.Is(err, os.ErrNotExist)) {
			return c.fail(err)
		}
	}
	return 0
}

func cp(_ context.Context, c call) int {
	flags, files := split(c.args)
	return each(c, files, func(from, to string) error {
		if info, err := os.Stat(from); err == nil && info.IsDir() {
			if !strings.ContainsAny(flags, "rRa") {
				return fmt.Errorf("%s is a directory", from)
			}
			return os.CopyFS(to, os.DirFS(from))
		}
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
}

func mv(_ context.Context, c call) int {
	_, files := split(c.args)
	return each(c, files, os.Rename)
}

// each does something with every file and its place at the last operand.
func each(c call, files []string, do func(from, to string) error) int {
	if len(files) < 2 {
		return c.fail(errors.New("want files and where to"))
	}
	last := files[len(files)-1]
	info, err := os.Stat(last)
	into := err == nil && info.IsDir()
	for _, from := range files[:len(files)-1] {
		to := last
		if into {
			to = filepath.Join(last, filepath.Base(from))
		}
		if err := do(from, to); err != nil {
			return c.fail(err)
		}
	}
	return 0
}

func ls(_ context.Context, c call) int {
	_, dirs := split(c.args)
	if len(dirs) == 0 {
		dirs = []string{c.hc.Dir}
	}
	for _, d := range dirs {
		entries, err := os.ReadDir(absolute(c.hc.Dir, d))
		if err != nil {
			return c.fail(err)
		}
		for _, e := range entries {
			fmt.Fprintln(c.hc.Stdout, e.Name())
		}
	}
	return 0
}

func basename(_ context.Context, c call) int { return pathPart(c, filepath.Base) }

func dirname(_ context.Context, c call) int { return pathPart(c, filepath.Dir) }

func pathPart(c call, part func(string) string) int {
	if len(c.args) == 0 {
		return c.fail(errors.New("want a path"))
	}
	fmt.Fprintln(c.hc.Stdout, part(c.args[0]))
	return 0
}

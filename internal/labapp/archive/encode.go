package archive

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Base64 encodes and decodes.
func Base64(_ context.Context, p *applet.Process) error {
	var decode bool
	width := 76
	set := opt.New("[-d] [-w COLUMNS] [FILE]", "Encode (or decode) base64.")
	set.Bool(&decode, 'd', "decode", "decode")
	set.Int(&width, 'w', "wrap", "line length; 0 for one long line")
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	return p.EachInput(files, func(_ string, r io.Reader) error {
		if decode {
			_, err := io.Copy(p.Stdout, base64.NewDecoder(base64.StdEncoding, r))
			return err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		text := base64.StdEncoding.EncodeToString(content)
		for width > 0 && len(text) > width {
			fmt.Fprintln(p.Stdout, text[:width])
			text = text[width:]
		}
		_, err = fmt.Fprintln(p.Stdout, text)
		return err
	})
}

// Sha256sum prints or checks SHA-256 sums.
func Sha256sum(_ context.Context, p *applet.Process) error { return sums(p, "SHA-256", sha256.New) }

// Md5sum prints or checks MD5 sums.
func Md5sum(_ context.Context, p *applet.Process) error { return sums(p, "MD5", md5.New) }

func sums(p *applet.Process, name string, newHash func() hash.Hash) error {
	var check bool
	set := opt.New("[-c] [FILE...]", "Print "+name+" sums, or check those a file lists.")
	set.Bool(&check, 'c', "check", "read sums from FILE and check them")
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	sum := func(r io.Reader) (string, error) {
		h := newHash()
		_, err := io.Copy(h, r)
		return hex.EncodeToString(h.Sum(nil)), err
	}
	return p.EachInput(files, func(name string, r io.Reader) error {
		if check {
			return checkSums(p, r, sum)
		}
		text, err := sum(r)
		if err == nil {
			_, err = fmt.Fprintf(p.Stdout, "%s  %s\n", text, name)
		}
		return err
	})
}

func checkSums(p *applet.Process, list io.Reader, sum func(io.Reader) (string, error)) error {
	var failed error
	err := applet.EachLine(list, func(line string) bool {
		want, name, ok := strings.Cut(line, " ")
		if !ok {
			return true
		}
		name = strings.TrimLeft(name, " *")
		got := ""
		if file, err := os.Open(name); err == nil {
			got, _ = sum(file) // an unreadable file has no sum, which differs
			file.Close()
		}
		verdict := "OK"
		if got != want {
			verdict, failed = "FAILED", applet.Exit(1)
		}
		fmt.Fprintf(p.Stdout, "%s: %s\n", name, verdict)
		return true
	})
	if err != nil {
		return err
	}
	return failed
}

// Gzip compresses standard input to standard output, or undoes it.
func Gzip(_ context.Context, p *applet.Process) error {
	decompress := p.Name == "gunzip" || p.Name == "zcat"
	stdout := false
	set := opt.New("[-dc] [FILE]", "Compress a file (or standard input) to standard output, or undo it. Files are never replaced.")
	set.Bool(&decompress, 'd', "decompress", "undo it")
	set.Bool(&stdout, 'c', "stdout", "accepted, always so")
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	return p.EachInput(files, func(_ string, r io.Reader) error {
		if decompress {
			in, err := gzip.NewReader(bufio.NewReader(r))
			if err != nil {
				return err
			}
			_, err = io.Copy(p.Stdout, in)
			return err
		}
		out := gzip.NewWriter(p.Stdout)
		if _, err := io.Copy(out, r); err != nil {
			return err
		}
		return out.Close()
	})
}

package archive

import (
	"bufio"
	"compress/gzip"
	"context"
	"io"
	"os"
	"strings"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

type options struct {
	*applet.Process
	create, extract, list, verbose, gzip     bool
	keepTimesOff, noSamePermissions, noOwner bool
	samePermissions, follow                  bool
	strip                                    int
	file, dir                                string
	log                                      io.Writer // where -v prints
}

// Tar packs and unpacks archives, with the options kubectl cp uses.
func Tar(_ context.Context, p *applet.Process) error {
	// The historic form: tar xf - means tar -xf -.
	if len(p.Args) > 0 && !strings.HasPrefix(p.Args[0], "-") {
		p.Args = append([]string{"-" + p.Args[0]}, p.Args[1:]...)
	}
	o := &options{Process: p, file: "-", dir: ".", log: p.Stdout}
	set := opt.New("-c|-x|-t [-vzmph] [-f ARCHIVE] [-C DIR] [FILE...]", "Pack files into an archive, unpack one, or list what it holds.")
	set.Bool(&o.create, 'c', "create", "pack")
	set.Bool(&o.extract, 'x', "extract", "unpack")
	set.Bool(&o.list, 't', "list", "list")
	set.String(&o.file, 'f', "file", "the archive; - is standard input or output")
	set.String(&o.dir, 'C', "directory", "work in this directory (one for the whole run)")
	set.Bool(&o.gzip, 'z', "gzip", "the archive is compressed (found out by itself when unpacking)")
	set.Bool(&o.verbose, 'v', "verbose", "name each file")
	set.Bool(&o.keepTimesOff, 'm', "touch", "unpacked files get the present time")
	set.Bool(&o.samePermissions, 'p', "preserve-permissions", "keep permissions whatever the umask")
	set.Bool(&o.follow, 'h', "dereference", "pack what links point to")
	set.Bool(&o.noSamePermissions, 0, "no-same-permissions", "apply the umask to unpacked files")
	set.Bool(&o.noOwner, 0, "no-same-owner", "unpacked files belong to you")
	set.Bool(&o.noOwner, 'o', "", "the same")
	set.Int(&o.strip, 0, "strip-components", "drop so many leading parts of each name")
	operands, err := p.Parse(set)
	if err != nil {
		return err
	}
	switch {
	case o.create && !o.extract && !o.list:
		return o.pack(operands)
	case (o.extract || o.list) && !o.create:
		return o.read(operands)
	}
	return applet.Usagef("want exactly one of -c, -x and -t")
}

func (o *options) pack(names []string) error {
	if len(names) == 0 {
		return applet.Usagef("an empty archive is of no use: name files")
	}
	out := o.Stdout
	if o.file != "-" {
		file, err := os.Create(o.file)
		if err != nil {
			return err
		}
		defer file.Close()
		out = file
	} else {
		o.log = o.Stderr
	}
	// What was packed is completed even when some files could not be read.
	buffered := bufio.NewWriterSize(out, 64<<10)
	closers := []func() error{buffered.Flush}
	out = buffered
	if o.gzip {
		zip := gzip.NewWriter(buffered)
		closers = []func() error{zip.Close, buffered.Flush}
		out = zip
	}
	err := newPacker(o, out).all(names)
	for _, finish := range closers {
		if finishErr := finish(); finishErr != nil {
			return finishErr
		}
	}
	return err
}

func (o *options) read(only []string) error {
	in := o.Stdin
	if o.file != "-" {
		file, err := os.Open(o.file)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	buffered := bufio.NewReaderSize(in, 64<<10)
	in = buffered
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		zip, err := gzip.NewReader(buffered)
		if err != nil {
			return err
		}
		in = zip
	}
	if err := newUnpacker(o, only).all(in); err != nil {
		return err
	}
	// Read the padding that follows, so that the writer is not cut off.
	_, err := io.Copy(io.Discard, in)
	return err
}

// Dist packs a release archive from a directory of binaries: one directory with
// bin/, what a user reads, and the licences of everything that is linked into the
// binaries. The same files give the same archive, wherever and whenever.
//
//	make dist
//	go run ./internal/tools/dist -version v1.2.3 -platform linux/amd64 -bin DIR -out dist
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	version := flag.String("version", "", "the `version` of the release")
	platform := flag.String("platform", "", "what it is for: `OS/ARCH`")
	bin := flag.String("bin", "", "the `directory` of its binaries, all of which go in")
	out := flag.String("out", "dist", "the `directory` for the archive")
	epoch := flag.Int64("time", 0, "the time of all files, in `seconds` since 1970")
	flag.Parse()
	goos, arch, ok := strings.Cut(*platform, "/")
	if *version == "" || !ok || *bin == "" {
		return errors.New("-version, -platform OS/ARCH and -bin are needed")
	}
	files, err := contents(ctx, *bin)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("labctl-%s-%s-%s", *version, goos, arch)
	a := archive{top: name, files: files, time: time.Unix(*epoch, 0).UTC()}
	path, err := a.write(*out, goos)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Printf("  %s, %d MB\n", path, info.Size()>>20)
	return nil
}

// documents are what of the source is for users, by its place there.
func documents() []string {
	return []string{"README.md", "LICENSE", "CHANGELOG.md", "labs/README.md", "internal/README.md", "internal/cli/JSON.md"}
}

// contents lists the files of an archive: the programs in bin, the documents of
// the source in the working directory, the licences.
func contents(ctx context.Context, bin string) ([]file, error) {
	var files []file
	entries, err := os.ReadDir(bin)
	if err != nil {
		return nil, err
	}
	var programs []string
	for _, e := range entries {
		path := filepath.Join(bin, e.Name())
		if !e.Type().IsRegular() {
			return nil, fmt.Errorf("%s is not a program", path)
		}
		programs = append(programs, path)
		files = append(files, file{name: "bin/" + e.Name(), mode: 0o755, path: path})
	}
	for _, name := range documents() {
		files = append(files, file{name: name, mode: 0o644, path: name})
	}
	notice, err := notices(ctx, programs)
	if err != nil {
		return nil, err
	}
	return append(files, file{name: "THIRD_PARTY.txt", mode: 0o644, text: notice}), nil
}

// Package scaffold writes a new lab to start from.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed all:template
var template embed.FS

// placeholder stands for the lab's name in the template.
const placeholder = "LABNAME"

// New writes a small, complete lab into a new directory below parent, named
// after the lab, and returns the directory. What it made is removed when it
// fails.
func New(parent, name string) (dir string, err error) {
	if !regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$`).MatchString(name) {
		return "", fmt.Errorf("a lab cannot be called %q: use up to 40 lower-case letters, digits and dashes, such as first-steps", name)
	}
	dir = filepath.Join(parent, name)
	if err := os.Mkdir(dir, 0o755); errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s exists already; choose another name, or remove it", dir)
	} else if err != nil {
		return "", fmt.Errorf("make the lab's directory: %w", err)
	}
	if err := write(dir, name); err != nil {
		return "", errors.Join(fmt.Errorf("write the lab %s: %w", name, err), os.RemoveAll(dir))
	}
	return dir, nil
}

func write(dir, name string) error {
	files, err := fs.Sub(template, "template")
	if err != nil {
		return err
	}
	return fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(file))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		content, err := fs.ReadFile(files, file)
		if err != nil {
			return err
		}
		return os.WriteFile(target, []byte(strings.ReplaceAll(string(content), placeholder, name)), 0o644)
	})
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/proc"
)

// isLicence tells the files that say under what terms the code beside them is.
func isLicence(name string) bool {
	name = strings.ToLower(name)
	stem, _, _ := strings.Cut(strings.NewReplacer("-", ".", "_", ".").Replace(name), ".")
	return slices.Contains([]string{"license", "licence", "unlicense", "copying", "copyright", "notice", "patents"}, stem) &&
		slices.Contains([]string{"", ".txt", ".md", ".rst"}, extension(name))
}

// extension is that of a file's name, if it says what kind of file it is: LICENSE.MIT
// has none.
func extension(name string) string {
	if ext := filepath.Ext(name); slices.Contains([]string{".txt", ".md", ".rst", ".go", ".py", ".sh", ".js", ".html", ".yml", ".yaml", ".json", ".tmpl", ".tpl"}, ext) {
		return ext
	}
	return ""
}

// texts collects the licences of modules, and of Go's own library; silent are the
// modules that have none.
func texts(ctx context.Context, modules []string) (found []licence, silent []string, err error) {
	dirs, err := moduleDirs(ctx, modules)
	if err != nil {
		return nil, nil, err
	}
	goroot, err := proc.Command{Path: "go", Args: []string{"env", "GOROOT"}}.Output(ctx)
	if err != nil {
		return nil, nil, err
	}
	dirs["Go's library and runtime, "+runtime.Version()] = filepath.Join(strings.TrimSpace(string(goroot)), "LICENSE")
	for module, dir := range dirs {
		its, err := licencesIn(module, dir)
		if err != nil {
			return nil, nil, err
		}
		if len(its) == 0 {
			silent = append(silent, module)
		}
		found = append(found, its...)
	}
	slices.Sort(silent)
	return merge(found), silent, nil
}

// licencesIn walks a module: parts of it may be others' still, under terms of their own.
func licencesIn(module, root string) ([]licence, error) {
	var found []licence
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			// Neither what tests read nor what the module itself keeps of others' modules is linked.
			if path != root && (slices.Contains([]string{"testdata", "vendor", "LICENSES", "node_modules"}, d.Name()) || strings.HasPrefix(d.Name(), ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if !isLicence(d.Name()) || !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if name == "." {
			name = d.Name()
		}
		found = append(found, licence{of: []string{module + ": " + filepath.ToSlash(name)}, text: string(text)})
		return err
	})
	return found, err
}

// moduleDirs finds modules where the builds before this one had them from: Go's
// cache of modules.
func moduleDirs(ctx context.Context, modules []string) (map[string]string, error) {
	scratch, err := os.MkdirTemp("", "labctl-dist") // outside of any module, whose go.mod would have a say
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	out, err := proc.Command{
		Path: "go", Args: append([]string{"mod", "download", "-json"}, modules...), Dir: scratch,
		Env: append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=", "GOWORK=off"),
	}.Output(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the modules' licences: %w", err)
	}
	dirs := map[string]string{}
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var m struct{ Path, Version, Dir string }
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			return dirs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("find the modules' licences: %w", err)
		}
		dirs[m.Path+"@"+m.Version] = m.Dir
	}
}

package web

import (
	"os"
	"path/filepath"
	"strings"
)

// readProperties reads "key = value" or "key: value" lines from a file, or
// one key per file from a directory, as a ConfigMap volume holds them.
func readProperties(path string) (map[string]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readDirectory(path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	properties := map[string]string{}
	for _, line := range strings.Split(string(content), "\n") {
		line = strings.TrimSpace(line)
		at := strings.IndexAny(line, "=:")
		if line == "" || line[0] == '#' || at < 1 {
			continue
		}
		value := strings.TrimSpace(line[at+1:])
		if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		properties[strings.TrimSpace(line[:at])] = value
	}
	return properties, nil
}

func readDirectory(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	properties := map[string]string{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") { // ..data and friends
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		properties[e.Name()] = strings.TrimSuffix(string(content), "\n")
	}
	return properties, nil
}

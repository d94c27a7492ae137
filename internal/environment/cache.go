package environment

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// CacheDir holds what can be worked out again.
func (h Home) CacheDir() string { return filepath.Join(h.Dir, "cache") }

// Remembered reads a map from the cache; empty if there is none.
func (h Home) Remembered(file string) map[string]string {
	values := map[string]string{}
	if data, err := os.ReadFile(filepath.Join(h.CacheDir(), file)); err == nil {
		_ = json.Unmarshal(data, &values) // a cache that is damaged is no cache
	}
	return values
}

// Remember puts a map into the cache. A failure only costs time later.
func (h Home) Remember(file string, values map[string]string) {
	if data, err := json.Marshal(values); err == nil {
		_ = h.Write(filepath.Join(h.CacheDir(), file), data, 0o644)
	}
}

package verdict

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"labctl.dev/labctl/internal/environment"
)

// Cache remembers what came out right, so that a run that was interrupted goes
// on where it was. It is good for one state of the lab and of the binaries.
type Cache struct {
	home environment.Home
	path string
	mu   sync.Mutex
	done map[string]CaseResult
}

// OpenCache opens the cache in a home for a lab and the binaries in bin. The
// engine is part of the key.
func OpenCache(home environment.Home, lab fs.FS, bin, engine string) (*Cache, error) {
	h := sha256.New()
	fmt.Fprintln(h, engine)
	if err := errors.Join(hashTree(h, lab), hashTree(h, os.DirFS(bin))); err != nil {
		return nil, err
	}
	path := filepath.Join(home.Dir, "proofs", hex.EncodeToString(h.Sum(nil)[:12])+".json")
	c := &Cache{home: home, path: path, done: map[string]CaseResult{}}
	data, err := os.ReadFile(c.path)
	if err == nil {
		err = json.Unmarshal(data, &c.done)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return c, err
}

func hashTree(h io.Writer, tree fs.FS) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := tree.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		fmt.Fprintln(h, name)
		_, err = io.Copy(h, f)
		return err
	})
}

func (c *Cache) get(key string) (CaseResult, bool) {
	if c == nil {
		return CaseResult{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	result, ok := c.done[key]
	return result, ok
}

// put remembers a result. A cache that cannot be written costs time, nothing
// else, so the error is not the run's.
func (c *Cache) put(key string, result CaseResult) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[key] = result
	if data, err := json.MarshalIndent(c.done, "", "  "); err == nil {
		_ = c.home.Write(c.path, data, 0o644) // see above
	}
}

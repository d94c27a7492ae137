package image

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// measured is what the cache remembers of a layer.
type measured struct {
	Digest v1.Hash `json:"digest"`
	Size   int64   `json:"size"`
}

// measure sets the layer's digest and size: from the cache when its binaries
// are the very files measured before, else by streaming it through the hash.
// A cache that cannot be read or written only costs time.
func (l *layer) measure(cacheDir string) error {
	file := filepath.Join(cacheDir, "layer-"+l.key()+".json")
	if cacheDir != "" {
		var m measured
		if content, err := os.ReadFile(file); err == nil && json.Unmarshal(content, &m) == nil && m.Size > 0 {
			l.digest, l.size = m.Digest, m.Size
			return nil
		}
	}
	hash := sha256.New()
	count := &counter{w: hash}
	buffered := bufio.NewWriterSize(count, 1<<20)
	if err := l.write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	l.digest = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(hash.Sum(nil))}
	l.size = count.n
	if cacheDir != "" {
		_ = remember(file, measured{l.digest, l.size}) // see above
	}
	return nil
}

// key names the layer by the identity of its files, without reading them.
func (l *layer) key() string {
	hash := sha256.New()
	fmt.Fprintln(hash, "layer format 1")
	for _, e := range l.entries {
		fmt.Fprintf(hash, "%q %c %o %q %q", e.header.Name, e.header.Typeflag, e.header.Mode, e.header.Linkname, e.content)
		if e.source != nil {
			fmt.Fprintf(hash, " %s %d %d", identity(e.source), e.source.size, e.source.info.ModTime().UnixNano())
		}
		fmt.Fprintln(hash)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// remember writes by renaming, as another labctl may read at the same time.
func remember(file string, m measured) error {
	content, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), ".layer-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		os.Remove(temporary.Name())
	}
	return err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

var errNoKey = errors.New("no such key")

// store keeps small values by key. get answers errNoKey for a missing one.
type store interface {
	get(ctx context.Context, key string) ([]byte, error)
	put(ctx context.Context, key string, value []byte) error
	delete(ctx context.Context, key string) error
	keys(context.Context) ([]string, error)
}

func newStore(cfg *Config) store {
	switch {
	case cfg.StoreURL != "":
		return remoteStore(cfg.StoreURL)
	case cfg.DataDir != "":
		return directoryStore(cfg.DataDir)
	}
	return &memoryStore{values: map[string][]byte{}}
}

const maxValue = 1 << 20

func validKey(key string) bool {
	return key != "" && len(key) <= 200 && key[0] != '.' &&
		strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

func (s *service) listKeys(w http.ResponseWriter, r *http.Request) {
	keys, err := s.store.keys(r.Context())
	if err != nil {
		storeError(w, err)
		return
	}
	writeJSON(w, append([]string{}, keys...))
}

func (s *service) getKey(w http.ResponseWriter, r *http.Request) {
	value, err := s.store.get(r.Context(), r.PathValue("key"))
	if err != nil {
		storeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(value) // the client has left
}

func (s *service) putKey(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	if !validKey(key) {
		http.Error(w, "a key is made of letters, digits, '.', '_' and '-'", http.StatusBadRequest)
		return
	}
	value, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxValue))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	if err := s.store.put(r.Context(), key, value); err != nil {
		storeError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *service) deleteKey(w http.ResponseWriter, r *http.Request) {
	if err := s.store.delete(r.Context(), r.PathValue("key")); err != nil {
		storeError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func storeError(w http.ResponseWriter, err error) {
	if errors.Is(err, errNoKey) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	var away *awayError
	if errors.As(err, &away) {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	http.Error(w, fmt.Sprintf("the store failed: %v (check DATA_DIR and its volume)", err), http.StatusInternalServerError)
}

type memoryStore struct {
	mu     sync.Mutex
	values map[string][]byte
}

func (m *memoryStore) get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[key]
	if !ok {
		return nil, errNoKey
	}
	return value, nil
}

func (m *memoryStore) put(_ context.Context, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = value
	return nil
}

func (m *memoryStore) delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

func (m *memoryStore) keys(context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.values)), nil
}

// directoryStore is a directory with one file a key.
type directoryStore string

func (d directoryStore) path(key string) (string, error) {
	if !validKey(key) {
		return "", errNoKey
	}
	return filepath.Join(string(d), key), nil
}

func (d directoryStore) get(_ context.Context, key string) ([]byte, error) {
	path, err := d.path(key)
	if err != nil {
		return nil, err
	}
	value, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoKey
	}
	return value, err
}

// put replaces the file as a whole and on disk: a pod that dies right after
// the answer has lost nothing.
func (d directoryStore) put(_ context.Context, key string, value []byte) error {
	path, err := d.path(key)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(string(d), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone already when all went well
	_, err = file.Write(value)
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func (d directoryStore) delete(_ context.Context, key string) error {
	path, err := d.path(key)
	if err != nil {
		return err
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d directoryStore) keys(context.Context) ([]string, error) {
	entries, err := os.ReadDir(string(d))
	var keys []string
	for _, e := range entries {
		if validKey(e.Name()) && e.Type().IsRegular() {
			keys = append(keys, e.Name())
		}
	}
	return keys, err
}

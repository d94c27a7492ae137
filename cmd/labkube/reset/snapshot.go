// Package reset takes a cluster back to its baseline without restarting it:
// by edits of the store that only ever go forward, so that watches stay open
// and controllers take up the difference as if somebody had typed very fast.
package reset

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	clientv3 "go.etcd.io/etcd/client/v3"

	"labctl.dev/labctl/cmd/labkube/files"
)

// registry is where the API server keeps its objects.
const registry = "/registry/"

// ErrNoBaseline means that nothing was captured to go back to.
var ErrNoBaseline = errors.New("this cluster has no baseline to go back to: end it with `labctl stop`, which keeps your files, and start it anew")

// snapshot is all objects at one moment.
type snapshot struct {
	Revision int64
	Objects  map[string][]byte // by key, as stored
	Created  map[string]int64  // revisions, by key
}

func read(ctx context.Context, store *clientv3.Client) (*snapshot, error) {
	response, err := store.Get(ctx, registry, clientv3.WithPrefix())
	if err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	s := &snapshot{Revision: response.Header.Revision, Objects: map[string][]byte{}, Created: map[string]int64{}}
	for _, kv := range response.Kvs {
		s.Objects[string(kv.Key)], s.Created[string(kv.Key)] = kv.Value, kv.CreateRevision
	}
	return s, nil
}

// hasNode tells a node of the cluster's own from one that somebody only wrote
// an object for.
func (s *snapshot) hasNode(name string) bool {
	_, has := s.Objects[nodeKeys+name]
	return has
}

func anyNode(string) bool { return true }

// save writes what a reset needs to path.
func (s *snapshot) save(path string) error {
	var data bytes.Buffer
	if err := gob.NewEncoder(&data).Encode(s); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return files.Replace(path, data.Bytes(), 0o600)
}

func load(path string) (*snapshot, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoBaseline
	}
	if err != nil {
		return nil, err
	}
	s := new(snapshot)
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(s); err != nil {
		return nil, fmt.Errorf("read baseline %s: %w", path, err)
	}
	return s, nil
}

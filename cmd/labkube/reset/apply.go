package reset

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Limits of one transaction, below etcd's own.
const (
	maxOps   = 512
	maxBytes = 1 << 20
)

// apply makes the edits, most often all in one transaction, and returns the
// revision of the store after them.
func apply(ctx context.Context, store *clientv3.Client, edits []edit) (revision int64, err error) {
	for _, batch := range batches(edits) {
		var ops []clientv3.Op
		for _, e := range batch {
			if e.value == nil {
				ops = append(ops, clientv3.OpDelete(e.key))
			} else {
				ops = append(ops, clientv3.OpPut(e.key, string(e.value)))
			}
		}
		response, err := store.Txn(ctx).Then(ops...).Commit()
		if err != nil {
			return 0, fmt.Errorf("write to the store: %w", err)
		}
		revision = response.Header.Revision
	}
	return revision, nil
}

// batches splits edits, keeping their order.
func batches(edits []edit) [][]edit {
	var all [][]edit
	var batch []edit
	bytes := 0
	for _, e := range edits {
		size := len(e.key) + len(e.value)
		if len(batch) == maxOps || len(batch) > 0 && bytes+size > maxBytes {
			all, batch, bytes = append(all, batch), nil, 0
		}
		batch, bytes = append(batch, e), bytes+size
	}
	if len(batch) > 0 {
		all = append(all, batch)
	}
	return all
}

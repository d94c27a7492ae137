package reset

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/client-go/kubernetes"

	"labctl.dev/labctl/cmd/labkube/volume"
)

// deadline bounds a reset, workloads Ready again included.
const deadline = 60 * time.Second

// Resetter captures a baseline and goes back to it.
type Resetter struct {
	Store  *clientv3.Client
	Client kubernetes.Interface // may do everything
	Path   string               // file that keeps the baseline
	Log    *slog.Logger
	// Volumes has the nodes that it concerns carry out an order, and returns when
	// they have.
	Volumes func(ctx context.Context, order volume.Order, concerns func(node string) bool) error
	// System is the namespace in which the cluster's own programs run as pods, which
	// a reset leaves alone while nobody has changed them; empty if none do.
	System string

	mu sync.Mutex // one at a time
}

// Result is what a reset did.
type Result struct {
	Milliseconds int64 `json:"ms"`    // until workloads were Ready again
	Edits        int   `json:"edits"` // objects put back or removed
	Pods         int   `json:"pods"`  // pods replaced or removed
}

// Capture makes the cluster's present state the baseline, volumes included.
func (r *Resetter) Capture(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.Volumes(ctx, volume.Save, anyNode); err != nil {
		return err
	}
	now, err := read(ctx, r.Store)
	if err != nil {
		return err
	}
	return now.save(r.Path)
}

// Reset goes back to the baseline. It returns once every workload that was
// Ready then is Ready again and the pods from before are gone.
func (r *Resetter) Reset(ctx context.Context) (Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	begin := time.Now()
	base, err := load(r.Path)
	if err != nil {
		return Result{}, err
	}
	// Volumes first: pods made by the edits below must find the old data.
	if err := r.Volumes(ctx, volume.Restore, base.hasNode); err != nil {
		return Result{}, err
	}
	now, err := read(ctx, r.Store)
	if err != nil {
		return Result{}, err
	}
	edits, identified, err := plan(base, now)
	if err != nil {
		return Result{}, err
	}
	r.Log.Info("reset", "edits", len(edits), "read", time.Since(begin))
	stays, err := r.staying(identified, now, edits)
	if err != nil {
		return Result{}, err
	}
	revision, err := apply(ctx, r.Store, edits)
	if err != nil {
		return Result{}, err
	}
	pods, err := r.replacePods(ctx, max(revision, now.Revision), stays)
	if err != nil {
		return Result{}, err
	}
	if err := r.settle(ctx, base, identified, pods); err != nil {
		return Result{}, fmt.Errorf("the state is back, but not everything runs: %w", err)
	}
	if err := r.Volumes(ctx, volume.Resume, base.hasNode); err != nil { // it does so by itself after a while
		r.Log.Warn("volumes are not reclaimed yet", "error", err)
	}
	return Result{Milliseconds: time.Since(begin).Milliseconds(), Edits: len(edits), Pods: len(pods)}, nil
}

// Package undo takes back what a stimulus did, from a record that was in the
// ledger before the stimulus began. It needs nothing else, so that the next run
// can take back what a killed one left.
package undo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"labctl.dev/labctl/internal/check/revert"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/kube"
)

// Manager is the field manager of everything a check does to the cluster.
const Manager = "labctl-check"

// Record is all it takes to undo one stimulus. Undoing is idempotent, and right
// also when the stimulus was done only in part.
type Record struct {
	// Edits are objects that were changed.
	Edits []Edit `json:"edits,omitempty"`
	// Created are objects that were not there before.
	Created []Ref `json:"created,omitempty"`
	// Deleted are objects to put back, as they were.
	Deleted []map[string]any `json:"deleted,omitempty"`
	// Execs are commands that undo what was done inside containers.
	Execs []Exec `json:"execs,omitempty"`
	// Restart are workloads whose pods are replaced after all that.
	Restart []Ref `json:"restart,omitempty"`
	// Containers are Docker's, to be brought back as they were.
	Containers []Container `json:"containers,omitempty"`
	// Projects are copies of Compose projects, to be removed.
	Projects []Project `json:"projects,omitempty"`
	// Settle are workloads to wait for until they stand still again.
	Settle []Ref `json:"settle,omitempty"`
}

// World is where stimuli are undone: the cluster and the Docker Engine, as far as
// the environment has them.
type World struct {
	Client *kube.Client
	Docker *container.Client
	// Workspace is the learner's directory.
	Workspace string
}

// Close ends the connections to Docker.
func (w World) Close() error {
	if w.Docker == nil {
		return nil
	}
	return w.Docker.Close()
}

// Ref names an object.
type Ref struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

func (r Ref) String() string { return r.Kind + "/" + r.Name }

// Edit is an object that was changed, and how.
type Edit struct {
	Ref
	UID     types.UID       `json:"uid"`
	Changes []revert.Change `json:"changes"`
	// Managers are the object's field managers as they were.
	Managers []metav1.ManagedFieldsEntry `json:"managers,omitempty"`
	// ReplicaSets are the names of those a Deployment had: others that hold
	// Changes are ours.
	ReplicaSets []string `json:"replicaSets,omitempty"`
	// Revisions are what Kubernetes had noted on them, by name, and under "" on
	// the Deployment itself.
	Revisions map[string]Revision `json:"revisions,omitempty"`
	// Last are changes that are reverted after all else: the limit without which
	// the controller would have thrown the learner's history away.
	Last []revert.Change `json:"last,omitempty"`
}

// Parse reads a record from the ledger.
func Parse(data []byte) (Record, error) {
	var r Record
	if err := utiljson.Unmarshal(data, &r); err != nil {
		return Record{}, fmt.Errorf("read how to undo a stimulus: %w", err)
	}
	return r, nil
}

// JSON is the record as the ledger keeps it.
func (r Record) JSON() (json.RawMessage, error) { return json.Marshal(r) }

// Empty says that there is nothing to undo.
func (r Record) Empty() bool {
	return len(r.Edits)+len(r.Created)+len(r.Deleted)+len(r.Execs)+len(r.Restart)+len(r.Containers)+len(r.Projects)+len(r.Settle) == 0
}

// settleTime is how long workloads may take to stand still again.
const settleTime = 60 * time.Second

// Run undoes the stimulus: it restores what was edited, removes what was
// created, puts back what was deleted, and so on in the order of the fields,
// and waits until all that stands still. It goes on after an error and returns all of them. What the learner has changed
// or removed in the meantime stays as the learner left it.
func Run(ctx context.Context, world World, r Record) error {
	if err := r.foreign(world); err != nil {
		return err
	}
	client := world.Client
	var errs []error
	for _, c := range r.Containers {
		errs = append(errs, c.restore(ctx, world.Docker))
	}
	for _, p := range r.Projects {
		errs = append(errs, p.Remove(ctx, world))
	}
	for _, ref := range r.Created {
		errs = append(errs, remove(ctx, client, ref))
	}
	for _, e := range r.Edits {
		errs = append(errs, restore(ctx, client, e, e.Changes))
	}
	for _, object := range r.Deleted {
		errs = append(errs, recreate(ctx, client, object))
	}
	for _, e := range r.Execs {
		errs = append(errs, e.run(ctx, client))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := Restart(ctx, client, r.Restart); err != nil {
		return err
	}
	if err := Settle(ctx, client, r.Settle, settleTime); err != nil {
		return err
	}
	for _, e := range r.Edits {
		errs = append(errs, restoreHistory(ctx, client, e))
	}
	return errors.Join(errs...)
}

// foreign fails if a record is about what the environment has not got: its ledger is
// the learner's, who may have written anything there.
func (r Record) foreign(world World) error {
	if world.Docker == nil && len(r.Containers) > 0 {
		return errors.New("it is about a container, and this environment has no Docker")
	}
	if world.Client == nil && len(r.Created)+len(r.Edits)+len(r.Deleted)+len(r.Execs)+len(r.Restart)+len(r.Settle) > 0 {
		return errors.New("it is about objects of Kubernetes, and this environment has no cluster")
	}
	return nil
}

// gone tells the errors that say that there is nothing left to undo: the
// object, its namespace or its kind went away.
func gone(err error) bool {
	return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) ||
		apierrors.HasStatusCause(err, "NamespaceTerminating")
}

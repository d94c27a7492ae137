package reset

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	settlePeriod = 40 * time.Millisecond
	repairPeriod = 250 * time.Millisecond
	// podPatience is how long kubelets get to end old pods. Afterwards these are
	// struck from the store: their node is lost, or a finalizer holds them.
	podPatience = 4 * time.Second
)

// settle waits until the cluster runs what it ran at the baseline, and repairs
// what controllers that were in the middle of something undo meanwhile. The bare
// pods are those of the baseline as it is identified now.
func (r *Resetter) settle(ctx context.Context, base, identified *snapshot, old []pod) error {
	want, err := expected(base)
	if err != nil {
		return err
	}
	bare, err := barePods(identified)
	if err != nil {
		return err
	}
	impatient, repairAt := time.Now().Add(podPatience), time.Now()
	missing := errors.New("no look taken yet")
	err = wait.PollUntilContextCancel(ctx, settlePeriod, true, func(ctx context.Context) (bool, error) {
		left, err := r.leftOver(ctx, old, time.Now().After(impatient))
		if err != nil {
			return false, err
		}
		if bare, err = r.createBare(ctx, bare); err != nil {
			return false, err
		}
		lacked := fmt.Sprint(missing)
		lacks, err := r.missing(ctx, want, left)
		if err != nil { // when time is up, what was missing last says more
			return false, err
		}
		missing = lacks
		if missing != nil && missing.Error() != lacked {
			r.Log.Info("reset waits", "for", missing, "old", len(left))
		}
		calm := missing == nil && len(left) == 0 && len(bare) == 0
		if !calm && time.Now().Before(repairAt) {
			return false, nil
		}
		repairAt = time.Now().Add(repairPeriod)
		repaired, strays, err := r.repair(ctx, base)
		old = append(old, strays...)
		return calm && !repaired, err
	})
	if ctx.Err() != nil && missing != nil {
		return missing
	}
	return err
}

// leftOver returns the keys of old pods that still exist; strike makes it
// remove them by force.
func (r *Resetter) leftOver(ctx context.Context, old []pod, strike bool) (sets.Set[string], error) {
	if len(old) == 0 {
		return nil, nil
	}
	response, err := r.Store.Get(ctx, podKeys, clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	created := map[string]int64{}
	for _, kv := range response.Kvs {
		created[string(kv.Key)] = kv.CreateRevision
	}
	left := sets.New[string]()
	var edits []edit
	for _, p := range old {
		if created[p.key] == p.created {
			left.Insert(p.key)
			edits = append(edits, edit{key: p.key})
		}
	}
	if !strike {
		return left, nil
	}
	_, err = apply(ctx, r.Store, edits)
	return nil, err
}

// createBare creates pods as soon as their namesakes are gone, and returns
// those still to be created.
func (r *Resetter) createBare(ctx context.Context, pods []*corev1.Pod) (rest []*corev1.Pod, err error) {
	for _, p := range pods {
		_, err := r.Client.CoreV1().Pods(p.Namespace).Create(ctx, p, metav1.CreateOptions{})
		switch {
		case apierrors.IsAlreadyExists(err), apierrors.IsForbidden(err): // namesake or service account
			rest = append(rest, p)
		case err != nil:
			return nil, fmt.Errorf("make pod %s/%s again: %w", p.Namespace, p.Name, err)
		}
	}
	return rest, nil
}

// repair puts back objects of the baseline that are missing or on their way
// out, removes those whose controllers are gone, and tells whether there were
// any, and which pods it ended.
func (r *Resetter) repair(ctx context.Context, base *snapshot) (repaired bool, ended []pod, err error) {
	now, err := read(ctx, r.Store)
	if err != nil {
		return false, nil, err
	}
	repairs, err := repairs(base, now)
	if err != nil {
		return false, nil, err
	}
	if _, err := apply(ctx, r.Store, repairs); err != nil {
		return false, nil, err
	}
	if len(repairs) > 0 { // owners among them have new identities: look again
		return true, nil, nil
	}
	removed, ended, err := r.removeStrays(ctx, base, now)
	return removed > 0, ended, err
}

func repairs(base, now *snapshot) (repairs []edit, err error) {
	edits, _, err := plan(base, now)
	if err != nil {
		return nil, err
	}
	for _, e := range edits {
		if e.value == nil {
			continue
		}
		if now.Objects[e.key] == nil {
			repairs = append(repairs, e)
			continue
		}
		object, err := metadata(now.Objects[e.key])
		if err != nil {
			return nil, err
		}
		if object.DeletionTimestamp != nil {
			repairs = append(repairs, e)
		}
	}
	return repairs, nil
}

// missing returns an error that names the owners with fewer Ready pods than
// wanted, or nil.
func (r *Resetter) missing(ctx context.Context, want map[string]int, old sets.Set[string]) (missing, err error) {
	pods, err := r.Client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	have, state := map[string]int{}, map[string]string{}
	for _, p := range pods.Items {
		if ready(&p) && !old.Has(podKeys+p.Namespace+"/"+p.Name) {
			have[owner(&p)]++
		} else {
			state[owner(&p)] = ": " + p.Name + " " + ails(&p)
		}
	}
	var lacking []string
	for owner, n := range want {
		if have[owner] < n {
			lacking = append(lacking, fmt.Sprintf("%s has %d of %d pods Ready%s", owner, have[owner], n, state[owner]))
		}
	}
	if len(lacking) == 0 {
		return nil, nil
	}
	sort.Strings(lacking)
	return errors.New(strings.Join(lacking, ", ")), nil
}

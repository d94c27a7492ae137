package reset

import (
	"context"
	"fmt"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pod is a pod from before the reset.
type pod struct {
	key     string
	created int64 // revision
	object  *corev1.Pod
}

// replacePods asks kubelets to end all pods made before a revision but those that
// stay, within a second: controllers make new ones from what was put back.
func (r *Resetter) replacePods(ctx context.Context, revision int64, stays func(*corev1.Pod) bool) ([]pod, error) {
	old, err := r.oldPods(ctx, revision, stays)
	if err != nil {
		return nil, err
	}
	return old, r.endAll(ctx, old)
}

func (r *Resetter) endAll(ctx context.Context, pods []pod) error {
	if err := r.release(ctx, pods); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for _, p := range pods {
		group.Go(func() error { return r.end(ctx, p) })
	}
	return group.Wait()
}

// release takes the finalizers off pods. It writes to the store, because the API
// refuses to patch pods whose namespace is gone.
func (r *Resetter) release(ctx context.Context, pods []pod) error {
	var edits []edit
	for _, p := range pods {
		if len(p.object.Finalizers) == 0 {
			continue
		}
		p.object.Finalizers = nil
		value, err := encode(p.object)
		if err != nil {
			return fmt.Errorf("encode pod %s/%s: %w", p.object.Namespace, p.object.Name, err)
		}
		edits = append(edits, edit{p.key, value})
	}
	_, err := apply(ctx, r.Store, edits)
	return err
}

// end ends one pod: the first request gives its containers a second instead of
// the 30 that they may be entitled to, the second one frees its name at once.
func (r *Resetter) end(ctx context.Context, p pod) error {
	for _, grace := range []int64{1, 0} {
		err := r.Client.CoreV1().Pods(p.object.Namespace).Delete(ctx, p.object.Name, metav1.DeleteOptions{
			GracePeriodSeconds: &grace,
			Preconditions:      &metav1.Preconditions{UID: &p.object.UID},
		})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // gone, its name perhaps taken
			return nil
		}
		if err != nil {
			return fmt.Errorf("end pod %s/%s: %w", p.object.Namespace, p.object.Name, err)
		}
	}
	return nil
}

func (r *Resetter) oldPods(ctx context.Context, revision int64, stays func(*corev1.Pod) bool) ([]pod, error) {
	response, err := r.Store.Get(ctx, podKeys, clientv3.WithPrefix(), clientv3.WithMaxCreateRev(revision))
	if err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	var old []pod
	for _, kv := range response.Kvs {
		object, err := decode(kv.Value, new(corev1.Pod))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kv.Key, err)
		}
		if !stays(object) {
			old = append(old, pod{string(kv.Key), kv.CreateRevision, object})
		}
	}
	return old, nil
}

// barePods returns the baseline's pods that no controller will make again,
// ready to be created anew.
func barePods(base *snapshot) ([]*corev1.Pod, error) {
	var bare []*corev1.Pod
	for key, value := range base.Objects {
		if !strings.HasPrefix(key, podKeys) {
			continue
		}
		p, err := decode(value, new(corev1.Pod))
		if err != nil {
			return nil, err
		}
		if metav1.GetControllerOf(p) != nil {
			continue
		}
		p.ObjectMeta = metav1.ObjectMeta{
			Namespace: p.Namespace, Name: p.Name,
			Labels: p.Labels, Annotations: p.Annotations, OwnerReferences: p.OwnerReferences, Finalizers: p.Finalizers,
		}
		p.Spec.NodeName = ""
		p.Status = corev1.PodStatus{}
		bare = append(bare, p)
	}
	return bare, nil
}

// expected returns how many Ready pods each owner had at the baseline.
func expected(base *snapshot) (map[string]int, error) {
	counts := map[string]int{}
	for key, value := range base.Objects {
		if !strings.HasPrefix(key, podKeys) {
			continue
		}
		p, err := decode(value, new(corev1.Pod))
		if err != nil {
			return nil, err
		}
		if ready(p) {
			counts[owner(p)]++
		}
	}
	return counts, nil
}

// owner names what makes a pod; a bare pod is its own.
func owner(p *corev1.Pod) string {
	if o := metav1.GetControllerOf(p); o != nil {
		return o.Kind + " " + p.Namespace + "/" + o.Name
	}
	return "Pod " + p.Namespace + "/" + p.Name
}

func ready(p *corev1.Pod) bool {
	if p.DeletionTimestamp != nil {
		return false
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// ails says in a few words why a pod is not Ready.
func ails(p *corev1.Pod) string {
	if p.DeletionTimestamp != nil {
		return "is ending"
	}
	for _, c := range p.Status.ContainerStatuses {
		if w := c.State.Waiting; w != nil {
			return "waits (" + strings.TrimSpace(w.Reason+" "+w.Message) + ")"
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status != corev1.ConditionTrue {
			return "has no node (" + strings.TrimSpace(c.Reason+" "+c.Message) + ")"
		}
	}
	return "is " + strings.ToLower(string(p.Status.Phase))
}

package proxy

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	core "k8s.io/client-go/informers/core/v1"
	discovery "k8s.io/client-go/informers/discovery/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// notOurs leaves out headless Services, which need no proxy, and those that
// name another one.
const notOurs = "!" + corev1.IsHeadlessService + ",!service.kubernetes.io/service-proxy-name"

// watcher holds the API's Services and EndpointSlices.
type watcher struct {
	services, slices cache.SharedIndexInformer
}

// newWatcher calls changed, which must not block, after every event.
func newWatcher(client kubernetes.Interface, changed func()) (*watcher, error) {
	only := func(o *metav1.ListOptions) { o.LabelSelector = notOurs }
	w := &watcher{
		services: core.NewFilteredServiceInformer(client, metav1.NamespaceAll, 0, nil, only),
		slices:   discovery.NewFilteredEndpointSliceInformer(client, metav1.NamespaceAll, 0, nil, only),
	}
	for _, informer := range w.informers() {
		if err := informer.SetTransform(slim); err != nil {
			return nil, fmt.Errorf("watch Services: %w", err)
		}
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { changed() },
			UpdateFunc: func(any, any) { changed() },
			DeleteFunc: func(any) { changed() },
		})
		if err != nil {
			return nil, fmt.Errorf("watch Services: %w", err)
		}
	}
	return w, nil
}

// informers must run for as long as the watcher is used.
func (w *watcher) informers() []cache.SharedIndexInformer {
	return []cache.SharedIndexInformer{w.services, w.slices}
}

// synced waits until both informers know all that there is, or ctx ends.
func (w *watcher) synced(ctx context.Context) bool {
	return cache.WaitFor(ctx, "", w.services.HasSyncedChecker(), w.slices.HasSyncedChecker())
}

// ports returns the ports that the node must serve now.
func (w *watcher) ports(nodeName string) []port {
	return portsOf(
		typed[*corev1.Service](w.services.GetStore().List()),
		typed[*discoveryv1.EndpointSlice](w.slices.GetStore().List()),
		nodeName)
}

func typed[T any](objects []any) []T {
	out := make([]T, 0, len(objects))
	for _, o := range objects {
		if t, ok := o.(T); ok {
			out = append(out, t)
		}
	}
	return out
}

// slim drops what the proxy does not read before it is kept.
func slim(o any) (any, error) {
	if m, err := meta.Accessor(o); err == nil {
		m.SetManagedFields(nil)
		m.SetAnnotations(nil)
	}
	return o, nil
}

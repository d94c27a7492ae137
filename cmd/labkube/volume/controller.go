// Package volume provides persistent volumes: each is a directory on the node
// that its first pod was scheduled to. Every node looks after its own.
package volume

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"

	"labctl.dev/labctl/cmd/labkube/cluster"
	"labctl.dev/labctl/cmd/labkube/layout"
)

// Options say whose volumes to look after.
type Options struct {
	Node   layout.Node
	Client kubernetes.Interface
	Log    *slog.Logger
	Obey   bool // carry out orders, see Give
}

// holdPeriod is how often to look whether a volume is still held.
const holdPeriod = 200 * time.Millisecond

// controller makes volumes for claims and removes them when they are released.
type controller struct {
	Options
	store   Store
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	classes storagelisters.StorageClassLister
	queue   workqueue.TypedRateLimitingInterface[item]
	events  record.EventRecorder
}

// item is a claim, or with an empty namespace a volume.
type item struct{ namespace, name string }

// Run looks after the node's volumes until ctx ends.
func Run(ctx context.Context, o Options) error {
	factory := informers.NewSharedInformerFactory(o.Client, 0)
	core := factory.Core().V1()
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: o.Client.CoreV1().Events("")})
	defer broadcaster.Shutdown()
	c := &controller{
		Options: o,
		store:   NewStore(o.Node),
		claims:  core.PersistentVolumeClaims().Lister(),
		volumes: core.PersistentVolumes().Lister(),
		classes: factory.Storage().V1().StorageClasses().Lister(),
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[item](50*time.Millisecond, 10*time.Second)),
		events: broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: cluster.Provisioner, Host: o.Node.Name}),
	}
	defer c.queue.ShutDown()
	for _, informer := range []cache.SharedIndexInformer{
		core.PersistentVolumeClaims().Informer(), core.PersistentVolumes().Informer(),
	} {
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    c.enqueue,
			UpdateFunc: func(_, now any) { c.enqueue(now) },
		}); err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	factory.WaitForCacheSync(ctx.Done())
	stop := context.AfterFunc(ctx, c.queue.ShutDown)
	defer stop()
	if err := c.store.Sweep(); err != nil {
		o.Log.Warn("cannot remove the data of old volumes", "error", err)
	}
	if o.Obey {
		go func() {
			if err := obey(ctx, o, c.store); err != nil {
				o.Log.Error("cannot take orders for volumes", "error", err)
			}
		}()
	}
	for c.next(ctx) {
	}
	return nil
}

func (c *controller) enqueue(object any) {
	if o, ok := object.(metav1.Object); ok {
		c.queue.Add(item{o.GetNamespace(), o.GetName()})
	}
}

// next handles one item; it returns false once the queue has shut down.
func (c *controller) next(ctx context.Context) bool {
	i, down := c.queue.Get()
	if down {
		return false
	}
	defer c.queue.Done(i)
	handle := c.provision
	if i.namespace == "" {
		handle = c.reclaim
	}
	if err := handle(ctx, i); err != nil && ctx.Err() == nil {
		c.Log.Error("volume", "namespace", i.namespace, "name", i.name, "error", err)
		c.queue.AddRateLimited(i)
		return true
	}
	c.queue.Forget(i)
	return true
}

// reclaim removes a released volume and its data, if its policy says so.
func (c *controller) reclaim(ctx context.Context, i item) error {
	volume, err := c.volumes.Get(i.name)
	if err != nil {
		return ignoreNotFound(err)
	}
	if !c.reclaimable(volume) {
		return nil
	}
	// A reset may have put it back since.
	volume, err = c.Client.CoreV1().PersistentVolumes().Get(ctx, i.name, metav1.GetOptions{})
	if err != nil || !c.reclaimable(volume) {
		return ignoreNotFound(err)
	}
	done, err := c.store.Reclaim(volume.Name)
	if err != nil {
		return err
	}
	if !done {
		c.queue.AddAfter(i, holdPeriod)
		return nil
	}
	err = c.Client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &volume.UID, ResourceVersion: &volume.ResourceVersion},
	})
	if apierrors.IsConflict(err) { // it has changed, which brings it here again
		return nil
	}
	return ignoreNotFound(err)
}

func (c *controller) reclaimable(volume *corev1.PersistentVolume) bool {
	return volume.Status.Phase == corev1.VolumeReleased &&
		volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete &&
		c.owns(volume)
}

// provision makes the volume that a claim asks for.
func (c *controller) provision(ctx context.Context, i item) error {
	claim, err := c.claims.PersistentVolumeClaims(i.namespace).Get(i.name)
	if err != nil {
		return ignoreNotFound(err)
	}
	class, err := c.wanted(claim)
	if class == nil || err != nil {
		return err
	}
	volume, err := newVolume(claim, class, c.Node.Name, c.store)
	if errors.Is(err, errUnsupported) {
		c.events.Event(claim, corev1.EventTypeWarning, "ProvisioningFailed", err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	if err := c.store.Make(volume.Name); err != nil {
		c.events.Event(claim, corev1.EventTypeWarning, "ProvisioningFailed", err.Error())
		return err
	}
	_, err = c.Client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if err != nil {
		return ignoreExists(err)
	}
	c.events.Event(claim, corev1.EventTypeNormal, "ProvisioningSucceeded",
		fmt.Sprintf("Made volume %s on node %s", volume.Name, c.Node.Name))
	return nil
}

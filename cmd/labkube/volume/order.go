package volume

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// Order is what the server asks of every node's volumes.
type Order string

// The orders.
const (
	Save    Order = "save"    // remember the data as the baseline
	Restore Order = "restore" // go back to it, and hold on to what is back
	Resume  Order = "resume"  // reclaim volumes as ever: their objects are back, too
)

// Orders travel as annotations of the Node object: the server cannot call an
// agent, but every agent watches the API. An order reads "restore 1763871000".
const (
	orderAnnotation = "labctl.dev/volume-order"
	doneAnnotation  = "labctl.dev/volume-order-done" // the order, and what went wrong
)

// orderDeadline bounds how long nodes may take to obey; saving copies data.
const orderDeadline = 30 * time.Second

// readyPatience is how long a node may take to be ready for an order.
const readyPatience = 10 * time.Second

// Give makes the nodes that concern it carry out an order and waits until they
// have. All of them have to be ready before any begins: volumes that are left
// out would be found changed, or without a baseline, later.
func Give(ctx context.Context, client kubernetes.Interface, order Order, concerns func(node string) bool) error {
	names, err := awaitReady(ctx, client, concerns)
	if err != nil {
		return fmt.Errorf("%s the volumes: %w", order, err)
	}
	text := newOrder(order, time.Now())
	group, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		group.Go(func() error {
			if err := annotate(ctx, client, name, orderAnnotation, text); err != nil {
				return err
			}
			return waitDone(ctx, client, name, text)
		})
	}
	return group.Wait()
}

// awaitReady names the nodes that an order concerns.
func awaitReady(ctx context.Context, client kubernetes.Interface, concerns func(node string) bool) (names []string, err error) {
	away := ""
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, readyPatience, true, func(ctx context.Context) (bool, error) {
		nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		names, away = nil, ""
		for i := range nodes.Items {
			node := &nodes.Items[i]
			if !concerns(node.Name) {
				continue
			}
			names = append(names, node.Name)
			if !ready(node) {
				away = node.Name
			}
		}
		return away == "", nil
	})
	if away != "" && wait.Interrupted(err) {
		return nil, fmt.Errorf("node %[1]s is not ready: start it with `labctl node start %[1]s`, or wait until `kubectl get nodes` shows it Ready, and try again", away)
	}
	return names, err
}

func newOrder(order Order, now time.Time) string {
	return string(order) + " " + strconv.FormatInt(now.UnixNano(), 36)
}

func waitDone(ctx context.Context, client kubernetes.Interface, name, order string) error {
	return wait.PollUntilContextTimeout(ctx, 10*time.Millisecond, orderDeadline, true, func(ctx context.Context) (bool, error) {
		node, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		failure, done := strings.CutPrefix(node.Annotations[doneAnnotation], order)
		if done && failure != "" {
			return false, fmt.Errorf("%s the volumes of node %s%s", order, name, failure)
		}
		return done, nil
	})
}

// obey carries out the orders that this node is given, until ctx ends.
func obey(ctx context.Context, o Options, store Store) error {
	factory := informers.NewSharedInformerFactoryWithOptions(o.Client, 0, informers.WithTweakListOptions(func(l *metav1.ListOptions) {
		l.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, o.Node.Name).String()
	}))
	handle := func(object any) {
		node, ok := object.(*corev1.Node)
		if !ok {
			return
		}
		order := node.Annotations[orderAnnotation]
		if order == "" || strings.HasPrefix(node.Annotations[doneAnnotation], order) {
			return
		}
		result := order
		if err := carryOut(store, order); err != nil {
			result = order + ": " + err.Error()
			o.Log.Error("volume order failed", "order", order, "error", err)
		}
		if err := annotate(ctx, o.Client, o.Node.Name, doneAnnotation, result); err != nil {
			o.Log.Error("volume order", "order", order, "error", err)
		}
	}
	_, err := factory.Core().V1().Nodes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    handle,
		UpdateFunc: func(_, now any) { handle(now) },
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	<-ctx.Done()
	return nil
}

func carryOut(store Store, order string) error {
	kind, given, _ := strings.Cut(order, " ")
	// An order that nobody waits for any longer would undo later work.
	nanoseconds, err := strconv.ParseInt(given, 36, 64)
	if err != nil || time.Since(time.Unix(0, nanoseconds)) > orderDeadline {
		return errors.New("the order is too old")
	}
	return store.CarryOut(Order(kind))
}

func annotate(ctx context.Context, client kubernetes.Interface, node, key, value string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{key: value}}})
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

func ready(node *corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

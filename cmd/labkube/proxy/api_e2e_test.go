//go:build e2e

package proxy

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
)

// api is a running proxy and the API that it watches.
type api struct {
	t      *testing.T
	client *fake.Clientset
	synced chan time.Time
	first  time.Time // when the kernel had everything
	stop   func()
}

// start runs the proxy on the node and waits for its first sync.
func (w *world) start(objects ...runtime.Object) *api {
	return w.startWith(nil, objects...)
}

func (w *world) startWith(tune func(*Options), objects ...runtime.Object) *api {
	w.t.Helper()
	a := &api{t: w.t, client: fake.NewClientset(objects...), synced: make(chan time.Time, 4096)}
	out := io.Discard
	if testing.Verbose() {
		out = os.Stderr
	}
	opt := Options{
		NodeName: "node", NodeIP: w.node.addr, PodCIDR: netip.MustParsePrefix("10.244.1.0/24"),
		Log:          slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo})),
		RemoveOnExit: true,
		OnSync: func(err error) {
			if err == nil {
				a.synced <- time.Now()
			}
		},
	}
	if tune != nil {
		tune(&opt)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, a.client, opt) }()
	stopped := false
	a.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	}
	w.t.Cleanup(a.stop)
	select {
	case a.first = <-a.synced:
	case err := <-done:
		stopped = true
		w.t.Fatalf("Run: %v", err)
	case <-time.After(10 * time.Second):
		w.t.Fatal("no first sync after 10 s")
	}
	a.quiet() // events of the first lists may bring another sync
	return a
}

// change makes changes and waits until the kernel has them all. It returns how
// long that took.
func (a *api) change(objects ...runtime.Object) time.Duration {
	a.t.Helper()
	a.drain()
	start := time.Now()
	for _, o := range objects {
		a.put(o)
	}
	return a.settle().Sub(start)
}

// settle waits for a sync that no other follows, and returns when it was.
func (a *api) settle() time.Time {
	a.t.Helper()
	select {
	case last := <-a.synced:
		if later := a.quiet(); !later.IsZero() {
			return later
		}
		return last
	case <-time.After(10 * time.Second):
		a.t.Fatal("no sync followed the change")
	}
	return time.Time{}
}

// quiet waits until there has been no sync for a while. It returns the last one.
func (a *api) quiet() (last time.Time) {
	for {
		select {
		case last = <-a.synced:
		case <-time.After(100 * time.Millisecond):
			return last
		}
	}
}

func (a *api) drain() {
	for {
		select {
		case <-a.synced:
		default:
			return
		}
	}
}

func (a *api) put(o runtime.Object) {
	a.t.Helper()
	ctx := a.t.Context()
	var err error
	switch o := o.(type) {
	case *corev1.Service:
		if _, err = a.client.CoreV1().Services(o.Namespace).Update(ctx, o, metav1.UpdateOptions{}); err != nil {
			_, err = a.client.CoreV1().Services(o.Namespace).Create(ctx, o, metav1.CreateOptions{})
		}
	case *discoveryv1.EndpointSlice:
		if _, err = a.client.DiscoveryV1().EndpointSlices(o.Namespace).Update(ctx, o, metav1.UpdateOptions{}); err != nil {
			_, err = a.client.DiscoveryV1().EndpointSlices(o.Namespace).Create(ctx, o, metav1.CreateOptions{})
		}
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *api) deleteService(name string) {
	a.t.Helper()
	a.drain()
	if err := a.client.CoreV1().Services("default").Delete(a.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		a.t.Fatal(err)
	}
	a.settle()
}

package volume

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"labctl.dev/labctl/cmd/labkube/layout"
)

func node(name string, ready corev1.ConditionStatus) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}},
	}
}

func TestAnOrderLeavesNoNodeOut(t *testing.T) {
	client := fake.NewClientset(node("n", corev1.ConditionTrue), node("off", corev1.ConditionUnknown))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := Give(ctx, client, Restore, func(string) bool { return true })
	if err == nil || !strings.Contains(err.Error(), "labctl node start off") {
		t.Errorf("with a node off: %v", err)
	}
	n, err := client.CoreV1().Nodes().Get(t.Context(), "n", metav1.GetOptions{})
	if err != nil || n.Annotations[orderAnnotation] != "" {
		t.Errorf("the other node was ordered to begin: %v, %v", n.Annotations, err)
	}
}

func TestAnOrderIsForTheClustersOwnNodes(t *testing.T) {
	client := fake.NewClientset(node("n", corev1.ConditionTrue), node("written", corev1.ConditionUnknown))
	s := newStore(t)
	path := mkVolume(t, s, "v")
	write(t, path+"/f", "old")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	obeyed := make(chan error, 1)
	go func() {
		obeyed <- obey(ctx, Options{Client: client, Node: layout.Node{Name: "n"}, Log: slog.New(slog.DiscardHandler)}, s)
	}()
	own := func(name string) bool { return name == "n" }
	if err := Give(ctx, client, Save, own); err != nil {
		t.Fatal(err)
	}
	write(t, path+"/f", "new")
	if err := Give(ctx, client, Restore, own); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path+"/f"); got != "old" {
		t.Errorf("the volume holds %q", got)
	}
	cancel()
	if err := <-obeyed; err != nil {
		t.Error(err)
	}
}

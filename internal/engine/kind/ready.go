package kind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/kube"
)

const (
	readyPoll    = 100 * time.Millisecond
	readyTimeout = 2 * time.Minute
)

// answers asks the API server whether it is ready.
func (c *Cluster) answers(ctx context.Context) error {
	client, err := kube.FromFile(c.Kubeconfig())
	if err != nil {
		return err
	}
	if _, err := client.Typed.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx); err != nil {
		return fmt.Errorf("the API server does not answer: %w", err)
	}
	return nil
}

// AwaitReady waits until pods can run on every node, and find each other by name.
func (c *Cluster) AwaitReady(ctx context.Context) error {
	return attended(ctx, c.docker, c.waitReady)
}

// namesAil says what keeps names from resolving.
func namesAil(ctx context.Context, client *kube.Client) error {
	dns, err := client.Typed.AppsV1().Deployments(metav1.NamespaceSystem).Get(ctx, "coredns", metav1.GetOptions{})
	if err == nil && dns.Status.ReadyReplicas == 0 {
		err = errors.New("the cluster's DNS is not ready")
	}
	return err
}

// waitAdmitting waits until pods can be made in the default namespace: the API server
// refuses them as long as there is no account for them.
func (c *Cluster) waitAdmitting(ctx context.Context) error {
	client, err := kube.FromFile(c.Kubeconfig())
	if err != nil {
		return err
	}
	if err := waitWell(ctx, func(ctx context.Context) error { return accountAils(ctx, client) }); err != nil {
		return fmt.Errorf("wait for the API server: %w", err)
	}
	return nil
}

func accountAils(ctx context.Context, client *kube.Client) error {
	_, err := client.Typed.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	return err
}

// waitReady is AwaitReady for who attends to Docker already.
func (c *Cluster) waitReady(ctx context.Context) error {
	client, err := kube.FromFile(c.Kubeconfig())
	if err != nil {
		return err
	}
	starts, err := c.starts(ctx)
	if err != nil {
		return err
	}
	err = waitWell(ctx, func(ctx context.Context) error { return c.ails(ctx, client, starts) })
	if err != nil {
		return fmt.Errorf("wait for the cluster: %w", err)
	}
	return nil
}

// waitNodes waits until nodes are ready again that were started at a time.
func (c *Cluster) waitNodes(ctx context.Context, names []string, started time.Time) error {
	client, err := kube.FromFile(c.Kubeconfig())
	if err != nil {
		return err
	}
	for _, name := range names {
		err := waitWell(ctx, func(ctx context.Context) error {
			n, err := client.Typed.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if err := nodeAils(ctx, client, n, started); err != nil {
				return err
			}
			return podsAil(ctx, client, name, started)
		})
		if err != nil {
			return fmt.Errorf("wait for the node %s: %w", name, err)
		}
	}
	return nil
}

// waitWell waits until nothing ails any more.
func waitWell(ctx context.Context, ails func(context.Context) error) error {
	var ailing error
	err := wait.PollUntilContextTimeout(ctx, readyPoll, readyTimeout, true, func(ctx context.Context) (bool, error) {
		found := ails(ctx)
		if ctx.Err() == nil || ailing == nil { // else it is only that the time is up
			ailing = found
		}
		return found == nil, nil
	})
	if err != nil {
		return errors.Join(ailing, err)
	}
	return nil
}

// ails says what is not ready yet.
func (c *Cluster) ails(ctx context.Context, client *kube.Client, starts map[string]time.Time) error {
	if err := c.answers(ctx); err != nil {
		return err
	}
	nodes, err := client.Typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	if len(nodes.Items) < c.spec.Nodes {
		return fmt.Errorf("%d of %d nodes have joined", len(nodes.Items), c.spec.Nodes)
	}
	for i := range nodes.Items {
		if err := nodeAils(ctx, client, &nodes.Items[i], c.began); err != nil {
			return err
		}
	}
	pods, err := client.Typed.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	if name := leftReady(pods.Items, starts); name != "" {
		return fmt.Errorf("the pod %s has not been started again yet", name)
	}
	return errors.Join(namesAil(ctx, client), accountAils(ctx, client))
}

// starts are when the nodes that run were started.
func (c *Cluster) starts(ctx context.Context) (map[string]time.Time, error) {
	all, err := c.running(ctx)
	if err != nil {
		return nil, err
	}
	starts := map[string]time.Time{}
	for _, n := range all {
		node, err := c.docker.API.ContainerInspect(ctx, n.ID)
		if err != nil {
			return nil, fmt.Errorf("look at the node %s: %w", nodeName(n), err)
		}
		if starts[nodeName(n)], err = time.Parse(time.RFC3339Nano, node.State.StartedAt); err != nil {
			return nil, fmt.Errorf("when the node %s was started: %w", nodeName(n), err)
		}
	}
	return starts, nil
}

// leftReady names a pod that is stale for the start of its node.
func leftReady(pods []corev1.Pod, starts map[string]time.Time) string {
	for i := range pods {
		p := &pods[i]
		if start, on := starts[p.Spec.NodeName]; on && p.DeletionTimestamp == nil && stale(p, start) {
			return p.Namespace + "/" + p.Name
		}
	}
	return ""
}

// nodeAils says what a node lacks that was started at a time. One that has been
// started again is ready by its own account of yesterday until its kubelet has renewed
// its lease.
func nodeAils(ctx context.Context, client *kube.Client, n *corev1.Node, started time.Time) error {
	for _, condition := range n.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
			return fmt.Errorf("node %s is not ready: %s", n.Name, condition.Message)
		}
	}
	lease, err := client.Typed.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(ctx, n.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if lease.Spec.RenewTime == nil || lease.Spec.RenewTime.Time.Before(started) {
		return fmt.Errorf("node %s has not come back yet", n.Name)
	}
	return nil
}

// podsAil says which of the cluster's own pods on a node that was started at a time is
// Ready by yesterday's account only: its kubelet has not looked at it yet.
func podsAil(ctx context.Context, client *kube.Client, node string, started time.Time) error {
	here := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("spec.nodeName", node).String()}
	pods, err := client.Typed.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, here)
	if err != nil {
		return err
	}
	if name := leftReady(pods.Items, map[string]time.Time{node: started}); name != "" {
		return fmt.Errorf("the pod %s has not been started again yet", name)
	}
	return nil
}

func stale(p *corev1.Pod, started time.Time) bool {
	ready := slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
	return ready && slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
		return c.State.Running != nil && c.State.Running.StartedAt.Time.Before(started.Truncate(time.Second))
	})
}

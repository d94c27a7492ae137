package diagnose

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// insufficient explains with numbers why a pod does not fit on any node.
func (x explainer) insufficient(p *corev1.Pod, name corev1.ResourceName) []Cause {
	code := map[corev1.ResourceName]string{
		corev1.ResourceCPU: InsufficientCPU, corev1.ResourceMemory: InsufficientMemory,
	}[name]
	if code == "" {
		code = InsufficientResource
	}
	wants := requested(p, name)
	var chain []Cause
	fits := false
	for i := range x.Nodes {
		node := &x.Nodes[i]
		total := node.Status.Allocatable[name]
		left := total.DeepCopy()
		left.Sub(x.taken(node.Name, name))
		if left.Sign() < 0 {
			left = resource.Quantity{}
		}
		fits = fits || total.Cmp(wants) >= 0
		chain = append(chain, look(code, "It asks for %s. Node %s has %s in all, of which %s are left.",
			amount(wants, name), node.Name, amount(total, name), amount(left, name)))
	}
	if !fits {
		return append(chain, fix(code, "No node is that big: lower resources.requests.%s.", name))
	}
	return append(chain, fix(code, "Lower resources.requests.%s, or make room: fewer replicas, smaller requests of other pods.", name))
}

// taken is what the pods on a node ask for together.
func (x explainer) taken(node string, name corev1.ResourceName) resource.Quantity {
	var sum resource.Quantity
	for i := range x.AllPods {
		p := &x.AllPods[i]
		over := p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
		if p.Spec.NodeName == node && !over {
			sum.Add(requested(p, name))
		}
	}
	return sum
}

// requested is what the scheduler reserves for a pod: its containers together,
// or its biggest init container if that is more.
func requested(p *corev1.Pod, name corev1.ResourceName) resource.Quantity {
	if name == corev1.ResourcePods {
		return *resource.NewQuantity(1, resource.DecimalSI)
	}
	var sum, most resource.Quantity
	for i := range p.Spec.Containers {
		sum.Add(p.Spec.Containers[i].Resources.Requests[name])
	}
	for i := range p.Spec.InitContainers {
		c := &p.Spec.InitContainers[i]
		r := c.Resources.Requests[name]
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			sum.Add(r) // a sidecar runs on beside the containers
		} else if r.Cmp(most) > 0 {
			most = r
		}
	}
	if most.Cmp(sum) > 0 {
		sum = most
	}
	sum.Add(p.Spec.Overhead[name])
	return sum
}

// amount writes a quantity with the unit people use.
func amount(q resource.Quantity, name corev1.ResourceName) string {
	switch name {
	case corev1.ResourceCPU:
		return fmt.Sprintf("%g CPU", float64(q.MilliValue())/1000)
	case corev1.ResourceMemory, corev1.ResourceEphemeralStorage:
		const mib, gib = 1 << 20, 1 << 30
		if q.Value() >= gib {
			return fmt.Sprintf("%.4g GiB of %s", float64(q.Value())/gib, name)
		}
		return fmt.Sprintf("%d MiB of %s", q.Value()/mib, name)
	case corev1.ResourcePods:
		return count(q.Value(), "pod")
	}
	return q.String() + " " + string(name)
}

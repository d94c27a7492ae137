package cluster

import (
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"labctl.dev/labctl/cmd/labkube/layout"
)

func TestEnsureNode(t *testing.T) {
	client := fake.NewClientset(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "lab-worker", Labels: map[string]string{"mine": "yes"}}})
	for _, test := range []struct {
		node    layout.Node
		podCIDR string
		server  bool
	}{
		{layout.Node{Name: "lab-control-plane", Index: 1}, "10.244.1.0/24", true},
		{layout.Node{Name: "lab-worker", Index: 2}, "10.244.2.0/24", false}, // exists, without a network
	} {
		for range 2 {
			if err := EnsureNode(t.Context(), client, test.node); err != nil {
				t.Fatal(err)
			}
		}
		node, err := client.CoreV1().Nodes().Get(t.Context(), test.node.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, server := node.Labels[controlPlaneRole]; node.Spec.PodCIDR != test.podCIDR || server != test.server {
			t.Errorf("%s: pod network %s, labels %v", node.Name, node.Spec.PodCIDR, node.Labels)
		}
	}
}

func TestEnsureDNSAndStorage(t *testing.T) {
	client := fake.NewClientset()
	for range 2 {
		if err := EnsureDNS(t.Context(), client, netip.MustParseAddr("10.98.0.11")); err != nil {
			t.Fatal(err)
		}
		if err := EnsureStorageClass(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	service, err := client.CoreV1().Services("kube-system").Get(t.Context(), "kube-dns", metav1.GetOptions{})
	if err != nil || service.Spec.ClusterIP != layout.DNSIP || len(service.Spec.Selector) > 0 {
		t.Errorf("service: %v, %+v", err, service)
	}
	slice, err := client.DiscoveryV1().EndpointSlices("kube-system").Get(t.Context(), "kube-dns", metav1.GetOptions{})
	if err != nil || slice.Labels["kubernetes.io/service-name"] != "kube-dns" || slice.Endpoints[0].Addresses[0] != "10.98.0.11" {
		t.Errorf("slice: %v, %+v", err, slice)
	}
	for i, port := range slice.Ports {
		if *port.Name != service.Spec.Ports[i].Name || *port.Protocol != service.Spec.Ports[i].Protocol {
			t.Errorf("port %d of the slice does not fit the Service", i)
		}
	}
}

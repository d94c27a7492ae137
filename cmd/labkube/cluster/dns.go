package cluster

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"labctl.dev/labctl/cmd/labkube/layout"
)

const dnsService = "kube-dns"

// EnsureDNS makes Service kube-system/kube-dns, under the name and address that
// all the world expects. It has no pods: its endpoint is the server itself.
func EnsureDNS(ctx context.Context, client kubernetes.Interface, server netip.Addr) error {
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: dnsService, Labels: map[string]string{
			"k8s-app": dnsService, "kubernetes.io/name": "CoreDNS", "kubernetes.io/cluster-service": "true",
		}},
		Spec: corev1.ServiceSpec{ClusterIP: layout.DNSIP, Ports: []corev1.ServicePort{
			{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP},
			{Name: "dns-tcp", Port: 53, Protocol: corev1.ProtocolTCP},
		}},
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: dnsService, Labels: map[string]string{
			discoveryv1.LabelServiceName: dnsService, discoveryv1.LabelManagedBy: "labctl.dev",
		}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses:  []string{server.String()},
			Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)},
		}},
		Ports: []discoveryv1.EndpointPort{
			{Name: ptr.To("dns"), Port: ptr.To[int32](53), Protocol: ptr.To(corev1.ProtocolUDP)},
			{Name: ptr.To("dns-tcp"), Port: ptr.To[int32](53), Protocol: ptr.To(corev1.ProtocolTCP)},
		},
	}
	services := client.CoreV1().Services(metav1.NamespaceSystem)
	if _, err := services.Create(ctx, service, metav1.CreateOptions{}); err != nil {
		// Of a Service that exists, Create says that its address is taken.
		if _, missing := services.Get(ctx, dnsService, metav1.GetOptions{}); missing != nil {
			return fmt.Errorf("make Service %s: %w", dnsService, err)
		}
	}
	_, err := client.DiscoveryV1().EndpointSlices(metav1.NamespaceSystem).Create(ctx, slice, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make EndpointSlice %s: %w", dnsService, err)
	}
	return nil
}

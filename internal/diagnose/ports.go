package diagnose

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// hasPort says whether one of the container's ports has this number or name.
func hasPort(ports []corev1.ContainerPort, port intstr.IntOrString) bool {
	for i := range ports {
		if port.Type == intstr.String && ports[i].Name == port.StrVal ||
			port.Type == intstr.Int && ports[i].ContainerPort == port.IntVal {
			return true
		}
	}
	return false
}

// portList writes "8080 (http) and 9090".
func portList(ports []corev1.ContainerPort) string {
	var names []string
	for i := range ports {
		names = append(names, portName(ports[i].ContainerPort, ports[i].Name))
	}
	return and(names)
}

// servicePorts writes the same for a Service.
func servicePorts(service *corev1.Service) string {
	var names []string
	for i := range service.Spec.Ports {
		names = append(names, portName(service.Spec.Ports[i].Port, service.Spec.Ports[i].Name))
	}
	return and(names)
}

func portName(number int32, name string) string {
	if name == "" {
		return fmt.Sprint(number)
	}
	return fmt.Sprintf("%d (%s)", number, name)
}

// declared returns the ports that the pod's containers say they listen on.
func declared(p *corev1.Pod) []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for i := range p.Spec.Containers {
		ports = append(ports, p.Spec.Containers[i].Ports...)
	}
	return ports
}

package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NoAddressError says that the learner's Service cannot be addressed.
type NoAddressError struct{ Reason string }

func (e *NoAddressError) Error() string { return e.Reason }

// Address turns a Service (name or name.namespace) and a port (number, name or
// nothing) into a URL as seen from inside the cluster. A *NoAddressError is the
// learner's fault, any other error is not.
func Address(ctx context.Context, env *Env, service, port, path string) (string, error) {
	name, namespace := splitService(service, env.Namespace)
	s, err := env.Client.Typed.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", &NoAddressError{fmt.Sprintf("there is no Service %s", service)}
	}
	if err != nil {
		return "", fmt.Errorf("read the Service %s: %w", service, err)
	}
	number, err := portOf(s, port)
	if err != nil {
		return "", err
	}
	host := fmt.Sprintf("%s.%s.svc.cluster.local", name, namespace)
	return "http://" + net.JoinHostPort(host, strconv.Itoa(number)) + "/" + strings.TrimPrefix(path, "/"), nil
}

func splitService(service, namespace string) (string, string) {
	if name, other, ok := strings.Cut(service, "."); ok {
		return name, other
	}
	return service, namespace
}

// portOf finds the port to ask. A number is asked whatever the Service says:
// that nobody answers there is then what is seen.
func portOf(s *corev1.Service, port string) (int, error) {
	if n, err := strconv.Atoi(port); err == nil {
		return n, nil
	}
	named := func(name string) func(corev1.ServicePort) bool {
		return func(p corev1.ServicePort) bool { return p.Name == name }
	}
	if port != "" {
		i := slices.IndexFunc(s.Spec.Ports, named(port))
		if i < 0 {
			return 0, &NoAddressError{fmt.Sprintf("the Service %s has no port named %s", s.Name, port)}
		}
		return int(s.Spec.Ports[i].Port), nil
	}
	if len(s.Spec.Ports) == 0 {
		return 0, &NoAddressError{fmt.Sprintf("the Service %s has no port", s.Name)}
	}
	i := slices.IndexFunc(s.Spec.Ports, named("http"))
	return int(s.Spec.Ports[max(i, 0)].Port), nil
}

const nodeIP = "$(node.ip)"

// fillNode puts a node's address into a URL that asks for it.
func fillNode(ctx context.Context, env *Env, url string) (string, error) {
	if !strings.Contains(url, nodeIP) {
		return url, nil
	}
	nodes, err := env.Client.Typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("read the nodes: %w", err)
	}
	for _, n := range nodes.Items {
		for _, a := range n.Status.Addresses {
			if a.Type == corev1.NodeInternalIP {
				return strings.ReplaceAll(url, nodeIP, a.Address), nil
			}
		}
	}
	return "", errors.New("no node has an address")
}

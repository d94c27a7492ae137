package nodeagent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"labctl.dev/labctl/cmd/labkube/files"
)

const (
	confDir = "/etc/cni/net.d"
	// routeProtocol marks the routes that are ours, as /etc/iproute2/rt_protos
	// gives nobody else.
	routeProtocol = 76
	// mendEvery is how often routes are looked at that nobody announced the loss of.
	mendEvery = 30 * time.Second
)

// runNetwork writes this node's pod network and keeps a route to the pods of
// every other node, until ctx ends.
func runNetwork(ctx context.Context, client kubernetes.Interface, self, pods string, log *slog.Logger) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	nodes := factory.Core().V1().Nodes()
	changed := make(chan struct{}, 1)
	notify := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	if _, err := nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { notify() }, UpdateFunc: func(any, any) { notify() }, DeleteFunc: func(any) { notify() },
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	factory.WaitForCacheSync(ctx.Done())
	mend := time.NewTicker(mendEvery)
	defer mend.Stop()
	written := ""
	for {
		if err := errors.Join(sync(nodes.Lister(), self, &written), masquerade(ctx, pods)); err != nil {
			log.Warn("cannot bring the pod network up to date", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-mend.C:
		}
	}
}

func sync(lister corelisters.NodeLister, self string, written *string) error {
	nodes, err := lister.List(labels.Everything())
	if err != nil {
		return err
	}
	wanted := map[string]netlink.Route{}
	for _, node := range nodes {
		if node.Spec.PodCIDR == "" {
			continue // the controller manager will give it one
		}
		if node.Name == self {
			if err := writeConf(node.Spec.PodCIDR, written); err != nil {
				return err
			}
			continue
		}
		if route, err := routeTo(node); err != nil {
			return err
		} else if route != nil {
			wanted[route.Dst.String()] = *route
		}
	}
	return setRoutes(wanted)
}

// routeTo leads to the pods of another node; nil as long as its address is not known.
func routeTo(node *corev1.Node) (*netlink.Route, error) {
	_, pods, err := net.ParseCIDR(node.Spec.PodCIDR)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", node.Name, err)
	}
	for _, address := range node.Status.Addresses {
		if ip := net.ParseIP(address.Address); address.Type == corev1.NodeInternalIP && ip != nil {
			return &netlink.Route{Dst: pods, Gw: ip, Protocol: routeProtocol}, nil
		}
	}
	return nil, nil
}

// setRoutes makes the routes that are wanted and removes ours that are not.
func setRoutes(wanted map[string]netlink.Route) error {
	present, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Protocol: routeProtocol}, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return fmt.Errorf("list the routes: %w", err)
	}
	for _, route := range present {
		if want, ok := wanted[route.Dst.String()]; ok && want.Gw.Equal(route.Gw) {
			continue
		}
		if err := netlink.RouteDel(&route); err != nil {
			return fmt.Errorf("remove the route to %s: %w", route.Dst, err)
		}
	}
	for _, route := range wanted {
		if err := netlink.RouteReplace(&route); err != nil {
			return fmt.Errorf("make the route to %s: %w", route.Dst, err)
		}
	}
	return nil
}

// writeConf writes the CNI configuration, after which the node becomes ready.
func writeConf(podCIDR string, written *string) error {
	conf, err := cniConf(podCIDR)
	if err != nil || string(conf) == *written {
		return err
	}
	if err := os.MkdirAll(confDir, 0o755); err != nil {
		return err
	}
	if err := files.Replace(filepath.Join(confDir, "10-labctl.conflist"), conf, 0o644); err != nil {
		return err
	}
	*written = string(conf)
	return nil
}

// cniConf gives each pod a link of its own to the node, which routes: what crosses
// a bridge would pass by kube-proxy's rules on kernels without br_netfilter.
func cniConf(podCIDR string) ([]byte, error) {
	type object = map[string]any
	return json.MarshalIndent(object{
		"cniVersion": "1.0.0",
		"name":       "labctl",
		"plugins": []object{{
			"type": "ptp",
			"ipam": object{
				"type":    "host-local",
				"dataDir": "/run/cni-addresses",
				"ranges":  [][]object{{{"subnet": podCIDR}}},
				"routes":  []object{{"dst": "0.0.0.0/0"}},
			},
		}, {
			"type":         "portmap",
			"capabilities": object{"portMappings": true},
		}},
	}, "", "  ")
}

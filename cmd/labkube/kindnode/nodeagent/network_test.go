package nodeagent

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestRouteTo(t *testing.T) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "other"}, Spec: corev1.NodeSpec{PodCIDR: "10.244.1.0/24"}}
	if route, err := routeTo(node); route != nil || err != nil {
		t.Errorf("without an address: %v, %v", route, err)
	}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: "other"}, {Type: corev1.NodeInternalIP, Address: "172.18.0.3"}}
	route, err := routeTo(node)
	if err != nil || route.Dst.String() != "10.244.1.0/24" || route.Gw.String() != "172.18.0.3" {
		t.Errorf("got %v, %v", route, err)
	}
	node.Spec.PodCIDR = "nonsense"
	if _, err := routeTo(node); err == nil {
		t.Error("a range that is none passes")
	}
}

func TestIndexTellsTheFirstNode(t *testing.T) {
	first := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{controlPlane: ""}}}
	if index(first) != 1 || index(&corev1.Node{}) == 1 {
		t.Error("claims without a node go to the one that kubeadm made first, and to no other")
	}
}

func TestCNIConfNamesTheRange(t *testing.T) {
	data, err := cniConf("10.244.7.0/24")
	if err != nil {
		t.Fatal(err)
	}
	var conf struct {
		Plugins []struct {
			Type string
			IPAM struct{ Ranges [][]struct{ Subnet string } }
		}
	}
	if err := json.Unmarshal(data, &conf); err != nil {
		t.Fatal(err)
	}
	if conf.Plugins[0].Type != "ptp" || conf.Plugins[0].IPAM.Ranges[0][0].Subnet != "10.244.7.0/24" {
		t.Errorf("got %+v", conf)
	}
}

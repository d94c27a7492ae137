package node

import (
	"slices"
	"testing"
)

func TestAddressPlan(t *testing.T) {
	names := []string{"", "lab-control-plane", "lab-worker", "lab-worker2"}
	for i := 1; i <= MaxNodes; i++ {
		if got := Name(i); got != names[i] {
			t.Errorf("node %d is called %s", i, got)
		}
		if !MachineNet().Contains(MachineIP(i)) {
			t.Errorf("node %d is outside its network", i)
		}
		inside := slices.ContainsFunc(ClusterNets(), PodNet(i).Overlaps)
		if !inside {
			t.Errorf("pods of node %d count as outside the cluster", i)
		}
	}
	if !GatewayPrefix().Contains(MachineIP(1)) || PodNet(1).Overlaps(PodNet(2)) {
		t.Error("the networks do not fit together")
	}
}

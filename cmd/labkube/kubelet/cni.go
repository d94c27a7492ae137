package kubelet

import (
	"encoding/json"
	"path/filepath"

	"labctl.dev/labctl/cmd/labkube/files"
	"labctl.dev/labctl/cmd/labkube/layout"
)

// writeCNI writes the node's pod network. Its addresses are written down under
// /run: pods' network namespaces do not outlive the node either.
func writeCNI(node layout.Node) error {
	type object = map[string]any
	conf, err := json.MarshalIndent(object{
		"cniVersion": "1.0.0",
		"name":       "labctl",
		"plugins": []object{{
			"type":        "bridge",
			"bridge":      "cni0",
			"isGateway":   true,
			"hairpinMode": true,
			"ipam": object{
				"type":    "host-local",
				"dataDir": node.Run("cni"),
				"ranges":  [][]object{{{"subnet": node.PodCIDR().String()}}},
				"routes":  []object{{"dst": "0.0.0.0/0"}},
			},
		}},
	}, "", "  ")
	if err != nil {
		return err
	}
	return files.Replace(filepath.Join(layout.CNIConfDir, "10-labctl.conflist"), conf, 0o644)
}

package kubelet

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// removeStaleCgroups removes the cgroups of pods that ended with an earlier
// life of the node. For each, cAdvisor would ask containerd for seconds what
// has become of its container. Cgroups with processes resist removal.
func removeStaleCgroups() {
	v1, _ := filepath.Glob("/sys/fs/cgroup/*/kubepods")
	for _, root := range append(v1, "/sys/fs/cgroup/kubepods") {
		var dirs []string
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) { // children first
			_ = os.Remove(dir)
		}
	}
}

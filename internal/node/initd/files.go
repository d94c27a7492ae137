//go:build linux

package initd

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"labctl.dev/labctl/internal/node"
)

//go:embed etc
var templates embed.FS

// settings is what the templates in etc may use.
type settings struct {
	node.Config
	Nodes     []peer // this node and those that may be beside it
	Gateway   string
	PodNet    string
	Layers    layers
	MachineID string
}

type peer struct{ IP, Name string }

// writeFiles writes the node's configuration files: the directory etc of this
// package, filled in, becomes /etc.
func writeFiles(cfg node.Config) error {
	sum := sha256.Sum256([]byte(cfg.Cluster + "/" + cfg.Name))
	s := settings{
		Config:    cfg,
		Gateway:   node.Gateway().String(),
		PodNet:    node.PodNet(cfg.Index).String(),
		Layers:    tryLayers("/node/containerd"),
		MachineID: hex.EncodeToString(sum[:16]),
	}
	for i := 1; i <= node.MaxNodes; i++ {
		s.Nodes = append(s.Nodes, peer{node.MachineIP(i).String(), node.Name(i)})
	}
	all, err := template.ParseFS(templates, "etc/*")
	if err != nil {
		return fmt.Errorf("parse the node's configuration: %w", err)
	}
	for _, t := range all.Templates() {
		if err := writeFile(t, s); err != nil {
			return fmt.Errorf("write the node's %s: %w", t.Name(), err)
		}
	}
	return nil
}

// place returns where a file goes: most live in /etc itself.
func place(name string) string {
	switch name {
	case "containerd.toml":
		return "/etc/containerd/config.toml"
	case "10-labctl.conflist":
		return "/etc/cni/net.d/" + name
	}
	return filepath.Join("/etc", name)
}

func writeFile(t *template.Template, s settings) error {
	path := place(t.Name())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return t.Execute(f, s)
}

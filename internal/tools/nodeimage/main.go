// Nodeimage writes the images that a kind node starts with, as an OCI archive:
// those that kubeadm asks for, and the node agent's. All but pause are the one
// binary kindnode, with iptables for kube-proxy, and share one layer.
//
//	go run ./internal/tools/nodeimage -bin bin -root DIR -iptables FILE,FILE -out images.tar REF...
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"labctl.dev/labctl/internal/image"
)

// agent is the image in manifests/default-cni.yaml.
const agent = "labctl.dev/nodeagent:v1"

type options struct {
	bin, root, out string
	iptables       []string // absolute paths in root: the program first, then its libraries
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin", "directory of the binaries")
	flag.StringVar(&o.root, "root", "/", "directory of the Debian that iptables is taken from")
	iptables := flag.String("iptables", "", "the program of all iptables commands, and the libraries that it loads")
	flag.StringVar(&o.out, "out", "", "the archive to write")
	flag.Parse()
	o.iptables = strings.Split(*iptables, ",")
	if err := write(o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "nodeimage:", err)
		os.Exit(1)
	}
}

func write(o options, refs []string) (err error) {
	specs := make([]image.Spec, 0, len(refs)+1)
	for _, ref := range append(refs, agent) {
		specs = append(specs, o.spec(ref))
	}
	archive, err := image.Assembler{}.Assemble(specs...)
	if err != nil {
		return err
	}
	f, err := os.Create(o.out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = archive.WriteTo(f)
	return err
}

// spec is the image of one program, which has the last word of the name:
// registry.k8s.io/coredns/coredns:v1.14.6 is coredns.
func (o options) spec(ref string) image.Spec {
	name, _, _ := strings.Cut(path.Base(ref), ":")
	if name == "pause" {
		return image.Spec{
			Ref: ref, Files: map[string]string{"/pause": filepath.Join(o.bin, "labinit")}, Entrypoint: []string{"/pause"}, User: "65535:65535",
		}
	}
	const binary = "/usr/local/bin/kindnode"
	files := map[string]string{binary: filepath.Join(o.bin, "kindnode")}
	for _, file := range o.iptables {
		files[file] = filepath.Join(o.root, file)
	}
	links := image.Links(binary, []string{"coredns", "etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "nodeagent"})
	for _, command := range []string{"iptables", "ip6tables"} {
		for _, name := range []string{command, command + "-save", command + "-restore"} {
			links["/usr/local/bin/"+name] = o.iptables[0]
		}
	}
	return image.Spec{
		Ref: ref, Files: files, Links: links, Entrypoint: []string{"/usr/local/bin/" + name}, Env: []string{"PATH=/usr/local/bin"},
	}
}

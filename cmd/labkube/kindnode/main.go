// Kindnode is every Kubernetes program of labctl's node image for kind in one:
// it is the program by whose name it is called. One binary is a fifth of what
// nine are, and a node image has to be copied into Docker.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // the programs' --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // metrics that upstream's programs have
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"labctl.dev/labctl/cmd/labkube/kindnode/nodeagent"
	"labctl.dev/labctl/cmd/labkube/kindnode/nodereset"
	"labctl.dev/labctl/cmd/labkube/kubectl"
)

// programs run with os.Args and return the exit code, or end the process.
var programs = map[string]func() int{
	"coredns":                 coredns,
	"etcd":                    func() int { etcdmain.Main(os.Args); return 0 },
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(controllermanager.NewControllerManagerCommand()) },
	"kube-proxy":              func() int { return cli.Run(proxy.NewProxyCommand()) },
	"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kubeadm":                 runKubeadm,
	"kubectl":                 func() int { return kubectl.Main(os.Args) },
	"kubelet":                 func() int { return cli.Run(kubelet.NewKubeletCommand(context.Background())) },
	"labctl-reset":            func() int { return nodereset.Main(context.Background(), os.Args, os.Stdout, os.Stderr) },
	"nodeagent":               runNodeAgent,
}

func main() {
	name := filepath.Base(os.Args[0])
	run := programs[name]
	if run == nil {
		fmt.Fprintf(os.Stderr, "kindnode: call it by one of the names %s, not %q\n",
			strings.Join(slices.Sorted(maps.Keys(programs)), ", "), name)
		os.Exit(2)
	}
	os.Exit(run())
}

func runKubeadm() int {
	if err := kubeadm.Run(); err != nil { // kubeadm has said what
		return 1
	}
	return 0
}

func runNodeAgent() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := nodeagent.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "nodeagent:", err)
		return 1
	}
	return 0
}

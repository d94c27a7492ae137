package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/plugin/cache" // the plugins of kubeadm's Corefile
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

// coredns is upstream's main with the plugins of kubeadm's Corefile only: its
// own package for that defines flags for every program in this binary.
func coredns() int {
	flags := flag.NewFlagSet("coredns", flag.ExitOnError)
	file := flags.String("conf", "Corefile", "the Corefile to load")
	_ = flags.Parse(os.Args[1:]) // exits on errors
	if err := serveDNS(*file); err != nil {
		fmt.Fprintln(os.Stderr, "coredns:", err)
		return 1
	}
	return 0
}

func serveDNS(file string) error {
	if err := dnsserver.Register(); err != nil {
		return err
	}
	caddy.TrapSignals()
	// Plugin reload asks the loader for the file's present text.
	caddy.SetDefaultCaddyfileLoader("file", caddy.LoaderFunc(func(string) (caddy.Input, error) {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no %s", file)
		}
		return caddy.CaddyfileInput{Contents: text, Filepath: file, ServerTypeName: "dns"}, err
	}))
	corefile, err := caddy.LoadCaddyfile("dns")
	if err != nil {
		return err
	}
	instance, err := caddy.Start(corefile)
	if err != nil {
		return err
	}
	instance.Wait()
	return nil
}

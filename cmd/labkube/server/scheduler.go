package server

import (
	"context"

	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// runScheduler places pods until ctx ends.
func runScheduler(ctx context.Context, c *credentials) error {
	o := options.NewOptions()
	if err := setFlags("kube-scheduler", *o.Flags, schedulerFlags(c)); err != nil {
		return err
	}
	config, scheduler, err := app.Setup(ctx, o)
	if err != nil {
		return err
	}
	return app.Run(ctx, config, scheduler)
}

func schedulerFlags(c *credentials) map[string]string {
	return map[string]string{
		"kubeconfig":     c.componentKubeconfig,
		"leader-elect":   "false",
		"secure-port":    "0",
		"profiling":      "false",
		"kube-api-qps":   "200",
		"kube-api-burst": "400",
	}
}

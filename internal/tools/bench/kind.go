package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"sigs.k8s.io/kind/pkg/cluster"
)

// nodeImage is the one that labctl's kind engine uses here; an earlier start has
// loaded it into Docker.
const nodeImage = "labctl.dev/node:v1.37.2"

// kindEngine is the engine that needs Docker.
const kindEngine = "kind"

// beside measures the same lab on both engines, and compares them.
func (b *bench) beside(ctx context.Context) error {
	var on [2]figures
	for i, engine := range []string{kindEngine, "embedded"} {
		fmt.Printf("\n%s:\n", engine)
		b.engine = engine
		if err := errors.Join(b.lifecycle(ctx, &on[i]), b.idle(ctx, &on[i])); err != nil {
			return fmt.Errorf("on %s: %w", engine, err)
		}
	}
	b.engine = kindEngine
	k, e := on[0], on[1]
	fmt.Printf("\nkind against embedded: start %.1f times, reset %.1f times, memory %.1f times\n",
		k.start.Seconds()/e.start.Seconds(), k.reset.Seconds()/e.reset.Seconds(), k.memory/e.memory)
	return nil
}

// overKind measures how long a start takes beyond what kind itself takes for a
// cluster on the same node image, waiting until the node is ready as
// `kind create cluster --wait` does.
func (b *bench) overKind(ctx context.Context) error {
	if err := b.first(ctx); err != nil { // kind alone cannot load it
		return err
	}
	const name = "bench"
	config := []byte("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nkubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  failCgroupV1: false\n")
	kubeconfig := filepath.Join(b.home, "kind.kubeconfig")
	provider := cluster.NewProvider(cluster.ProviderWithDocker())
	var alone, whole, beyond []time.Duration
	var parts steps
	for range b.runs {
		began := time.Now()
		err := provider.Create(name, cluster.CreateWithRawConfig(config), cluster.CreateWithNodeImage(nodeImage),
			cluster.CreateWithKubeconfigPath(kubeconfig), cluster.CreateWithWaitForReady(2*time.Minute))
		took := time.Since(began)
		if err = errors.Join(err, provider.Delete(name, kubeconfig), ctx.Err()); err != nil {
			return fmt.Errorf("kind alone: %w", err)
		}
		env, d, err := b.start(ctx, "bench")
		if err != nil {
			return err
		}
		parts.add(env)
		alone, whole, beyond = append(alone, took), append(whole, d), append(beyond, d-took)
		if err := b.do(ctx, nil, "stop", "--env", "bench", "--discard", "-o", "json"); err != nil {
			return err
		}
	}
	fmt.Println()
	report("kind create cluster, on the same node image", alone, "")
	report("start to ready on kind, with the lab and three pods that answer", whole, "")
	parts.report()
	report("  beyond kind", beyond, "3 s")
	return nil
}

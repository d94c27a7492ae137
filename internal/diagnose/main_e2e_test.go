//go:build e2e && linux

package diagnose

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/embedded"
	"labctl.dev/labctl/internal/image"
	"labctl.dev/labctl/internal/labapp/names"
	"labctl.dev/labctl/internal/ledger"
)

// TestMain starts a cluster for these tests, unless kubeconfigEnv names one.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // they wait more than they work
		panic(err)
	}
	code, err := withCluster(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "a cluster for the tests:", err)
		code = 1
	}
	os.Exit(code)
}

func withCluster(run func() int) (code int, err error) {
	if os.Getenv(kubeconfigEnv) != "" || os.Geteuid() != 0 {
		return run(), nil // without root, what needs a cluster is skipped
	}
	dir, err := os.MkdirTemp("", "diagnose")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, spec := context.Background(), engine.Spec{
		ID: engine.ID(fmt.Sprintf("e2e-diagnose-%d", os.Getpid())), Dir: filepath.Join(dir, "engine"), Bin: bin(), Nodes: 1,
	}
	e := embedded.New(embedded.Config{Log: slog.New(slog.DiscardHandler), Bin: spec.Bin, Home: dir})
	cluster, err := e.Up(ctx, spec, ledger.At(filepath.Join(dir, "ledger")), engine.Quiet)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, cluster.Close(ctx), e.Down(ctx, spec)) }()
	if err := load(ctx, cluster, spec.Bin); err != nil {
		return 0, err
	}
	if err := os.Setenv(kubeconfigEnv, cluster.Kubeconfig()); err != nil {
		return 0, err
	}
	return run(), nil
}

// bin is the directory of the helper binaries.
func bin() string {
	if dir := os.Getenv("LABCTL_BIN"); dir != "" {
		return dir
	}
	dir, err := filepath.Abs("../../bin")
	if err != nil {
		panic(err)
	}
	return dir
}

// load gives the cluster two versions of the labs' web service.
func load(ctx context.Context, cluster engine.Cluster, bin string) error {
	var specs []image.Spec
	for _, version := range []string{"v1", "v2"} {
		specs = append(specs, image.Spec{
			Ref: "labctl.dev/web:" + version, Files: map[string]string{"/bin/labapp": filepath.Join(bin, "labapp")},
			Links: image.Links("/bin/labapp", names.All()), Entrypoint: []string{"/bin/web"},
			Env: []string{"VERSION=" + version}, User: "65532:65532",
		})
	}
	archive, err := image.Assembler{}.Assemble(specs...)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() {
		_, err := archive.WriteTo(w)
		w.CloseWithError(err)
	}()
	return cluster.(engine.ImageLoader).LoadImages(ctx, r)
}

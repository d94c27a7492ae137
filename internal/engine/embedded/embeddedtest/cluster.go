//go:build linux

// Package embeddedtest gives the end-to-end tests of other packages a cluster.
package embeddedtest

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
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/labapp/names"
	"labctl.dev/labctl/internal/ledger"
)

// KubeconfigEnv names the kubeconfig, an administrator's, of the cluster that
// the tests use. Set from outside, no cluster is started; the one it names must
// have the images.
const KubeconfigEnv = "LABCTL_E2E_KUBECONFIG"

// Main runs a package's tests, several of them at once, on a cluster with the
// images, and returns the exit code. It ends the cluster before it returns.
// Without root there is none, and KubeconfigEnv stays empty: tests that need it skip.
func Main(ctx context.Context, run func() int, name string, images ...image.Spec) int {
	flag.Parse()
	err := flag.Set("test.parallel", "8") // they wait more than they work
	code := 1
	if err == nil {
		code, err = withCluster(ctx, run, name, images)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "a cluster for the tests:", err)
		return 1
	}
	return code
}

// Client reaches that cluster as its administrator. Without a cluster the test skips.
func Client(t testing.TB) *kube.Client {
	t.Helper()
	path := os.Getenv(KubeconfigEnv)
	if path == "" {
		t.Skip("needs root, or a cluster that $" + KubeconfigEnv + " names")
	}
	client, err := kube.FromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Image is a lab's image with one of labapp's programs.
func Image(ref, app, version string) image.Spec {
	return image.Spec{
		Ref: ref, Files: map[string]string{"/bin/labapp": filepath.Join(bin(), "labapp")},
		Links: image.Links("/bin/labapp", names.All()), Entrypoint: []string{"/bin/" + app},
		Env: []string{"VERSION=" + version}, User: "65532:65532",
	}
}

func withCluster(ctx context.Context, run func() int, name string, images []image.Spec) (code int, err error) {
	if os.Getenv(KubeconfigEnv) != "" || os.Geteuid() != 0 {
		return run(), nil
	}
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	spec := engine.Spec{
		ID: engine.ID(fmt.Sprintf("e2e-%s-%d", name, os.Getpid())), Dir: filepath.Join(dir, "engine"), Bin: bin(), Nodes: 1,
	}
	e := embedded.New(embedded.Config{Log: slog.New(slog.DiscardHandler), Bin: spec.Bin, Home: dir})
	cluster, err := e.Up(ctx, spec, ledger.At(filepath.Join(dir, "ledger")), engine.Quiet)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, cluster.Close(ctx), e.Down(ctx, spec)) }()
	if err := load(ctx, cluster, images); err != nil {
		return 0, err
	}
	if err := os.Setenv(KubeconfigEnv, cluster.Kubeconfig()); err != nil {
		return 0, err
	}
	return run(), nil
}

// bin is the directory of the helper binaries.
func bin() string {
	if dir := os.Getenv("LABCTL_BIN"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	for err == nil && dir != "/" {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return filepath.Join(dir, "bin")
}

func load(ctx context.Context, cluster engine.Cluster, images []image.Spec) error {
	archive, err := image.Assembler{}.Assemble(images...)
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

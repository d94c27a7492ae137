//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	lab   = "kubernetes-101"          // any lab with a cluster will do
	image = "labctl.dev/orders:v1"    // one of its images: a web service with a shell
	ns    = "reset"                   // what the tests make is in here
	node  = "envs/" + lab + "/engine" // of the state directory
)

// cluster is a running environment, removed when the test ends.
type cluster struct {
	*testing.T
	ctx        context.Context
	kubernetes kubernetes.Interface
	kubeconfig string
	control    http.Client
}

func start(t *testing.T) *cluster {
	bin := os.Getenv("LABCTL_BIN")
	if bin == "" || os.Getuid() != 0 {
		t.Skip("needs root and the binaries in $LABCTL_BIN")
	}
	home := t.TempDir()
	labctl := func(args ...string) {
		command := exec.Command(filepath.Join(bin, "labctl"), args...)
		command.Env = append(os.Environ(), "LABCTL_HOME="+home)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("labctl %v: %v\n%s", args, err, out)
		}
	}
	t.Cleanup(func() { labctl("stop") })
	labctl("start", lab, "--engine", "embedded")

	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	c := &cluster{T: t, ctx: ctx, kubeconfig: filepath.Join(home, node, "pki", "admin.kubeconfig")}
	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig)
	c.must(err)
	config.QPS = -1
	c.kubernetes, err = kubernetes.NewForConfig(config)
	c.must(err)
	socket := filepath.Join(home, node, "nodes", "lab-control-plane", "control.sock")
	c.control.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	return c
}

func (c *cluster) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// post sends a request to the control API and decodes its answer.
func (c *cluster) post(path string, answer any) {
	c.Helper()
	request, err := http.NewRequestWithContext(c.ctx, http.MethodPost, "http://node"+path, nil)
	c.must(err)
	response, err := c.control.Do(request)
	c.must(err)
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(response.Body)
	c.must(err)
	if response.StatusCode != http.StatusOK {
		c.Fatalf("POST %s: %s %s", path, response.Status, &body)
	}
	c.must(json.Unmarshal(body.Bytes(), answer))
}

// kubectl runs the kubectl in labkube and returns what it prints.
func (c *cluster) kubectl(stdin string, args ...string) string {
	c.Helper()
	args = append([]string{"kubectl", "--kubeconfig", c.kubeconfig}, args...)
	command := exec.CommandContext(c.ctx, filepath.Join(os.Getenv("LABCTL_BIN"), "labkube"), args...)
	command.Stdin = bytes.NewBufferString(stdin)
	out, err := command.CombinedOutput()
	if err != nil {
		c.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

//go:build e2e && linux

package docker

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
)

func TestAPortThatIsTaken(t *testing.T) {
	w := newWorld(t)
	w.load()
	server := &http.Server{Addr: "127.0.0.1:" + port, Handler: http.NotFoundHandler()}
	l, err := listenOn(server.Addr)
	w.must(err)
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	made, err := w.learner.ContainerCreate(w.Context(), &container.Config{Image: "labctl.dev/web:v1"}, pointer(published()), nil, nil, "web")
	w.must(err)
	err = w.learner.ContainerStart(w.Context(), made.ID, container.StartOptions{})
	if err == nil || !strings.Contains(err.Error(), "already allocated") {
		t.Errorf("got %v", err)
	}
}

// TestTheWayOut asks the host's own address from a network whose subnet is the
// learner's choice.
func TestTheWayOut(t *testing.T) {
	w := newWorld(t)
	w.load()
	addresses, err := net.InterfaceAddrs()
	w.must(err)
	at := slices.IndexFunc(addresses, func(a net.Addr) bool { ip := a.(*net.IPNet).IP; return ip.To4() != nil && ip.IsGlobalUnicast() })
	if at < 0 {
		t.Skip("this machine has only its loopback")
	}
	l, err := listenOn(net.JoinHostPort(addresses[at].(*net.IPNet).IP.String(), "0"))
	w.must(err)
	server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "from outside") })}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	for _, subnet := range []string{"10.99.77.0/24", "192.168.177.0/24"} {
		_, err := w.docker("network", "create", "--subnet", subnet, "own"+subnet[:3])
		w.must(err)
		out, err := w.docker("run", "--rm", "--network", "own"+subnet[:3], "--entrypoint", "/bin/wget", "labctl.dev/web:v1", "-q", "-T", "5", "-O", "-", "http://"+l.Addr().String()+"/")
		if err != nil || !strings.Contains(out, "from outside") {
			t.Errorf("from %s: %q, %v", subnet, out, err)
		}
	}
}

// TestPortsThatTheLearnerDoesNotChoose is -p 8080, where labctl does, and -P,
// where the engine does.
func TestPortsThatTheLearnerDoesNotChoose(t *testing.T) {
	w := newWorld(t)
	w.load()
	for _, flags := range [][]string{{"-p", "8080"}, {"-P", "--expose", "8080"}} {
		name := "any" + flags[0]
		_, err := w.docker(append(append([]string{"run", "-d", "--name", name}, flags...), "labctl.dev/web:v1")...)
		w.must(err)
		out, err := w.docker("inspect", "-f", `{{(index (index .NetworkSettings.Ports "8080/tcp") 0).HostPort}}`, name)
		w.must(err)
		w.answers(out, true)
		_, err = w.docker("rm", "-f", name)
		w.must(err)
		w.answers(out, false)
	}
	if _, err := w.docker("run", "-p", "38472:53/udp", "labctl.dev/web:v1"); err == nil || !strings.Contains(err.Error(), "TCP only") {
		t.Errorf("UDP: %v", err)
	}
}

// TestAnAddressThatTheLearnerNames is the machine's loopback, which Docker shows as
// it was typed, and where the container is to be reached.
func TestAnAddressThatTheLearnerNames(t *testing.T) {
	w := newWorld(t)
	w.load()
	for _, address := range []string{"127.0.0.1:", "0.0.0.0:", ""} {
		_, err := w.docker("run", "-d", "--name", "web", "-p", address+port+":8080", "labctl.dev/web:v1")
		w.must(err)
		w.answers(port, true)
		out, err := w.docker("port", "web")
		w.must(err)
		shown := address
		if shown == "" {
			shown = "0.0.0.0:"
		}
		if !strings.Contains(out, shown+port) || address != "" && strings.Contains(out, "[::]") {
			t.Errorf("-p %s%s:8080 is shown as %s", address, port, out)
		}
		_, err = w.docker("rm", "-f", "web")
		w.must(err)
		w.answers(port, false)
	}
}

func pointer(h container.HostConfig) *container.HostConfig { return &h }

func listenOn(address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(context.Background(), "tcp4", address)
}

package command

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/spf13/pflag"

	"labctl.dev/labctl/cmd/labkube/layout"
)

// nodeFlags are what server and agent are told.
type nodeFlags struct {
	node         layout.Node
	api, control net.Listener
}

func parseFlags(kind string, args []string) (nodeFlags, error) {
	var f nodeFlags
	var ip string
	var apiFD, controlFD int
	flags := pflag.NewFlagSet("labkube "+kind, pflag.ContinueOnError)
	flags.StringVar(&f.node.Name, "node-name", "", "name of the Node object")
	flags.StringVar(&ip, "node-ip", "", "address of this node on the machine network")
	flags.IntVar(&f.node.Index, "index", 1, "number of this node, 1 is the server")
	flags.StringVar(&f.node.DataDir, "data-dir", "/node", "directory that survives restarts")
	flags.IntVar(&controlFD, "control-fd", 4, "inherited listener of the control API")
	if kind == "server" {
		flags.IntVar(&apiFD, "api-fd", 3, "inherited listener of the API server")
	}
	if err := flags.Parse(args); err != nil {
		return f, err
	}
	var err error
	if f.node.IP, err = netip.ParseAddr(ip); err != nil {
		return f, fmt.Errorf("--node-ip: %w", err)
	}
	if f.node.Name == "" || f.node.Index < 1 || f.node.Index > 254 {
		return f, fmt.Errorf("--node-name %q --index %d: a node needs a name and a number from 1 to 254", f.node.Name, f.node.Index)
	}
	if f.control, err = inherit(controlFD, "--control-fd"); err != nil {
		return f, err
	}
	if kind == "server" {
		f.api, err = inherit(apiFD, "--api-fd")
	}
	return f, err
}

// inherit makes a listener of a file descriptor that the parent process left open.
func inherit(fd int, flag string) (net.Listener, error) {
	file := os.NewFile(uintptr(fd), flag)
	if file == nil {
		return nil, fmt.Errorf("%s %d: not a file descriptor", flag, fd)
	}
	defer file.Close() // the listener has its own copy
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("%s %d: not a listening socket: %w", flag, fd, err)
	}
	return listener, nil
}

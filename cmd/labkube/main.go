// Labkube is a whole Kubernetes node in one process: the control plane and
// kubelet on the first node of a lab, kubelet on the others, and kubectl.
package main

import (
	"context"
	"os"

	"labctl.dev/labctl/cmd/labkube/command"
)

func main() {
	os.Exit(command.Main(context.Background(), os.Args))
}

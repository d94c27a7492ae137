//go:build !linux

package command

import (
	"context"
	"fmt"
	"os"
	"runtime"
)

// runNode cannot: a node is made of what Linux has.
func runNode(_ context.Context, kind string, _ []string) int {
	fmt.Fprintf(os.Stderr, "labkube: %s needs Linux, this is %s\n", kind, runtime.GOOS)
	return 2
}

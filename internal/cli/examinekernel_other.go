//go:build !linux

package cli

import "context"

// examineKernel has nothing to look at: nodes run on the Linux that Docker brings.
func (*State) examineKernel(context.Context) []doctorCheck { return nil }

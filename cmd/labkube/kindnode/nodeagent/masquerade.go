package nodeagent

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// masquerade gives pods the node's address towards what is outside of the cluster,
// and only there: between pods, the sender stays who it is.
func masquerade(ctx context.Context, pods string) error {
	rule := []string{"POSTROUTING", "-s", pods, "!", "-d", pods, "-m", "comment", "--comment", "labctl: out of the cluster", "-j", "MASQUERADE"}
	if iptables(ctx, append([]string{"-C"}, rule...)) == nil {
		return nil
	}
	return iptables(ctx, append([]string{"-A"}, rule...))
}

func iptables(ctx context.Context, args []string) error {
	args = append([]string{"-w", "-t", "nat"}, args...)
	if out, err := exec.CommandContext(ctx, "iptables", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("iptables %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

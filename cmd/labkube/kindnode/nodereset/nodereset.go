// Package nodereset is how a cluster of labctl's kind image goes back to its baseline:
// labctl runs it in the nodes, under the name labctl-reset. What a learner can break
// through the API is not in its way: it reaches the store and the volumes without.
package nodereset

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"labctl.dev/labctl/cmd/labkube/kindnode/nodeagent"
	"labctl.dev/labctl/cmd/labkube/layout"
	"labctl.dev/labctl/cmd/labkube/reset"
	"labctl.dev/labctl/cmd/labkube/volume"
)

const usage = `usage: labctl-reset save       remember the data of this node's volumes
       labctl-reset restore    go back to it, and reclaim none of it
       labctl-reset resume     reclaim volumes as ever, once the cluster's objects are back, too
       labctl-reset baseline   on the control plane: save, and remember the cluster's objects
       labctl-reset reset      on the control plane: restore, go back to them, wait until all runs again, and resume`

// failure is the answer if something fails, as in labkube's control API.
type failure struct {
	Error string `json:"error"`
}

// Main does what the arguments say, the program's name first, and returns the exit
// code, 1 if that fails. The answer goes to out, as JSON.
func Main(ctx context.Context, args []string, out, log io.Writer) int {
	return answered(ctx, layout.Node{DataDir: nodeagent.DataDir}, args[1:], out, log)
}

func answered(ctx context.Context, node layout.Node, args []string, out, log io.Writer) int {
	answer, err := run(ctx, node, args, slog.New(slog.NewTextHandler(log, nil)))
	code := 0
	if err != nil {
		answer, code = failure{err.Error()}, 1
	}
	_ = json.NewEncoder(out).Encode(answer) // who asked may have left
	return code
}

func run(ctx context.Context, node layout.Node, args []string, log *slog.Logger) (any, error) {
	unlock, err := lock(ctx, node.Data("reset.lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	switch verb := strings.Join(args, " "); verb {
	case string(volume.Save), string(volume.Restore), string(volume.Resume):
		return struct{}{}, volume.NewStore(node).CarryOut(volume.Order(verb))
	case "baseline":
		return struct{}{}, withCluster(ctx, node, log, func(r *reset.Resetter) error { return r.Capture(ctx) })
	case "reset":
		var result reset.Result
		err := withCluster(ctx, node, log, func(r *reset.Resetter) (err error) {
			result, err = r.Reset(ctx)
			return err
		})
		return result, err
	}
	return nil, fmt.Errorf("there is no %q\n%s", strings.Join(args, " "), usage)
}

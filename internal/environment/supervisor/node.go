package supervisor

import (
	"context"
	"errors"
	"net/http"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/environment"
)

// handleNode stops or starts a node. It goes on without its client: a node that
// is half there would end the cluster. A stop of the environment cancels it.
func (s *Server) handleNode(w http.ResponseWriter, r *http.Request) {
	name, doing := r.PathValue("node"), map[string]string{"stop": "stopping", "start": "starting"}[r.PathValue("action")]
	if doing == "" {
		http.NotFound(w, r)
		return
	}
	end, err := s.begin("", doing+" the node "+name) // the state stays as it is
	if err != nil {
		reply(w, http.StatusConflict, asProblem(err))
		return
	}
	defer end("")
	nodes, ok := s.cluster().(engine.NodeController)
	if !ok {
		reply(w, http.StatusConflict, &environment.Problem{
			Code: environment.CodeUnsupported, Message: "nodes of this environment cannot be stopped and started",
		})
		return
	}
	ctx, cancel := s.cancellable(context.WithoutCancel(r.Context()))
	defer cancel()
	action := nodes.StopNode
	if doing == "starting" {
		action = nodes.StartNode
	}
	var misnamed *engine.NodeNameError
	err = action(ctx, name)
	if errors.As(err, &misnamed) {
		err = &environment.Problem{
			Code: environment.CodeUnknownArgument, Message: misnamed.Reason, Hint: "Run `labctl kubectl get nodes` for their names.",
		}
	}
	if err != nil {
		reply(w, http.StatusConflict, asProblem(err))
		return
	}
	reply(w, http.StatusOK, struct{}{})
}

package cli

import (
	"cmp"
	"context"
	"fmt"

	"labctl.dev/labctl/internal/engine/kind"
)

// dockerLooker is an engine that uses the user's Docker.
type dockerLooker interface {
	Look(context.Context) (kind.Report, error)
}

// examineDocker looks at the user's Docker, and at what its nodes would be made of.
// Without it other engines remain, so nothing here is worse than a warning.
func (s *State) examineDocker(ctx context.Context) []doctorCheck {
	var checks []doctorCheck
	for _, e := range s.Engines {
		looker, ok := e.(dockerLooker)
		if !ok {
			continue
		}
		r, err := looker.Look(ctx)
		if err != nil {
			checks = append(checks, doctorCheck{"docker", failed, err.Error(), ""})
			continue
		}
		checks = append(checks, dockerChecks(r)...)
	}
	return checks
}

func dockerChecks(r kind.Report) []doctorCheck {
	if r.Docker.Reason != "" {
		return []doctorCheck{{"docker", warning, r.Docker.Reason, r.Docker.Remedy}}
	}
	checks := []doctorCheck{{"docker", healthy, fmt.Sprintf("Docker Engine %s (API %s) at %s", cmp.Or(r.Version, "of unknown version"), r.API, r.Host), ""}}
	if r.Space != "" {
		checks = append(checks, finding("space in docker", "there are "+r.Space, r.NoSpace))
	}
	return append(checks, finding("node image", r.Image, r.NoImage))
}

// finding is a check that warns of what is lacking, if anything is.
func finding(name, message string, lack kind.Lack) doctorCheck {
	if lack.Reason != "" {
		return doctorCheck{name, warning, lack.Reason, lack.Remedy}
	}
	return doctorCheck{name, healthy, message, ""}
}

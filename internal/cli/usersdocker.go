package cli

import (
	"path/filepath"
	"strings"
)

// usersDocker looks up the variables that name the user's own Docker Engine: not
// that of a lab, whose shell they may be in, and under sudo not root's.
func (s *State) usersDocker(home string) func(string) string {
	return func(name string) string {
		value := s.Getenv(name)
		ours := strings.Contains(value, home+string(filepath.Separator))
		switch {
		case (name == "DOCKER_HOST" || name == "DOCKER_CONFIG") && ours:
			return ""
		case name == "DOCKER_CONFIG" && value == "":
			if _, caller, _ := s.owner(); caller != nil {
				return filepath.Join(caller.HomeDir, ".docker")
			}
		}
		return value
	}
}

package cli

import (
	"bufio"
	"fmt"
	"strings"

	"labctl.dev/labctl/internal/environment"
)

// trust makes sure that the user wants to run a lab that is not of the
// catalogue. The answer is remembered by the lab's content: any change asks anew.
func (s *State) trust(home environment.Home, src *source, given bool) error {
	known, err := home.Trusts(src.Digest)
	if err != nil || known {
		return err
	}
	if !given && !s.askTrust(src) {
		return &environment.Problem{
			Code:    environment.CodeUntrusted,
			Message: fmt.Sprintf("the lab in %s comes from outside labctl, and has not been trusted yet", src.Dir),
			Hint:    "Look at its lab.yaml, manifests and checks, then add --trust. It is remembered until the lab changes.",
		}
	}
	return home.Trust(src.Digest)
}

// askTrust asks a person at a terminal.
func (s *State) askTrust(src *source) bool {
	if !s.StdinTTY || !s.StderrTTY {
		return false
	}
	fmt.Fprintf(s.Stderr, "The lab in %s comes from outside labctl. It runs its manifests and scripts in an environment of its own.\nTrust it? [y/N] ", src.Dir)
	answer, err := bufio.NewReader(s.Stdin).ReadString('\n')
	if err != nil {
		return false // no answer is no
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true
	}
	return false
}

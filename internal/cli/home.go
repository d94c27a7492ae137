package cli

import (
	"fmt"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/environment"
)

// home finds the directory of labctl's state and its owner. Under sudo both are
// those of the user who called it.
func (s *State) home() (environment.Home, error) {
	owner, caller, stranger := s.owner()
	if dir := s.Getenv("LABCTL_HOME"); dir != "" {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(s.Dir, dir)
		}
		return environment.Home{Dir: dir, Owner: owner}, nil
	}
	base := s.Getenv("XDG_STATE_HOME")
	if base == "" && stranger != nil { // root's own home is not where they would look for it
		return environment.Home{}, &environment.Problem{
			Code: environment.CodeState, Message: "the home directory of the user who called sudo is not known: " + stranger.Error(), Err: stranger,
			Hint: "Name a directory of theirs: `sudo LABCTL_HOME=DIRECTORY labctl ...`",
		}
	}
	if base == "" && caller != nil {
		base = filepath.Join(caller.HomeDir, ".local", "state")
	}
	if base == "" && runtime.GOOS == "windows" {
		base = s.Getenv("LOCALAPPDATA")
	}
	if base == "" && s.Getenv("HOME") != "" {
		base = filepath.Join(s.Getenv("HOME"), ".local", "state")
	}
	if base == "" {
		return environment.Home{}, &environment.Problem{
			Code: environment.CodeState, Message: "neither LABCTL_HOME nor HOME is set, so there is no place for labctl's state",
			Hint: "Set LABCTL_HOME to a directory of your own.",
		}
	}
	return environment.Home{Dir: filepath.Join(base, "labctl"), Owner: owner}, nil
}

// owner is the user that labctl works for; caller is set if that is another
// than the one it runs as, or unknown says why nothing is known of them.
func (s *State) owner() (owner engine.Owner, caller *user.User, unknown error) {
	if s.UID < 0 {
		return engine.Owner{}, nil, nil // Windows
	}
	uid, err := strconv.Atoi(s.Getenv("SUDO_UID"))
	if s.UID != 0 || err != nil || uid == 0 {
		return engine.Owner{UID: s.UID, GID: s.gid()}, nil, nil
	}
	gid, err := strconv.Atoi(s.Getenv("SUDO_GID"))
	if err != nil {
		gid = uid
	}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err == nil && u.HomeDir == "" {
		u, err = nil, fmt.Errorf("user %d has none", uid)
	}
	return engine.Owner{UID: uid, GID: gid}, u, err
}

func (s *State) gid() int {
	if s.UID == 0 {
		return 0
	}
	return s.GID
}

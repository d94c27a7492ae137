package cli

import (
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
	owner, caller := s.owner()
	if dir := s.Getenv("LABCTL_HOME"); dir != "" {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(s.Dir, dir)
		}
		return environment.Home{Dir: dir, Owner: owner}, nil
	}
	if caller != nil {
		return environment.Home{Dir: filepath.Join(caller.HomeDir, ".local", "state", "labctl"), Owner: owner}, nil
	}
	base := s.Getenv("XDG_STATE_HOME")
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
// than the one it runs as.
func (s *State) owner() (owner engine.Owner, caller *user.User) {
	if s.UID < 0 {
		return engine.Owner{}, nil // Windows
	}
	uid, err := strconv.Atoi(s.Getenv("SUDO_UID"))
	if s.UID != 0 || err != nil || uid == 0 {
		return engine.Owner{UID: s.UID, GID: s.gid()}, nil
	}
	gid, err := strconv.Atoi(s.Getenv("SUDO_GID"))
	if err != nil {
		gid = uid
	}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil || u.HomeDir == "" {
		return engine.Owner{UID: uid, GID: gid}, nil
	}
	return engine.Owner{UID: uid, GID: gid}, u
}

func (s *State) gid() int {
	if s.UID == 0 {
		return 0
	}
	return s.GID
}

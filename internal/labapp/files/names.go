package files

import (
	"fmt"
	"io/fs"
	"os/user"
	"strconv"
	"strings"
)

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func groupName(gid uint32) string {
	id := strconv.FormatUint(uint64(gid), 10)
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}

// modeString prints a mode as ls does: drwxr-xr-x, with s and t.
func modeString(mode fs.FileMode) string {
	kind := "-"
	for _, k := range []struct {
		bit fs.FileMode
		s   string
	}{
		{fs.ModeDir, "d"}, {fs.ModeSymlink, "l"}, {fs.ModeNamedPipe, "p"}, {fs.ModeSocket, "s"},
		{fs.ModeCharDevice, "c"}, {fs.ModeDevice, "b"},
	} {
		if mode&k.bit != 0 {
			kind = k.s
			break
		}
	}
	perm := []byte(mode.Perm().String()[1:])
	special := func(bit fs.FileMode, i int, with, without byte) {
		switch {
		case mode&bit == 0:
		case perm[i] == 'x':
			perm[i] = with
		default:
			perm[i] = without
		}
	}
	special(fs.ModeSetuid, 2, 's', 'S')
	special(fs.ModeSetgid, 5, 's', 'S')
	special(fs.ModeSticky, 8, 't', 'T')
	return kind + string(perm)
}

// unixMode converts chmod's 12 bits to Go's mode bits.
func unixMode(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	if bits&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	if bits&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	if bits&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}

// modeBits is the reverse of unixMode.
func modeBits(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	if mode&fs.ModeSetuid != 0 {
		bits |= 0o4000
	}
	if mode&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

// HumanBytes prints a size as 512, 1.5K, 20M.
func HumanBytes(n int64) string {
	value, unit := float64(n), ""
	for _, u := range strings.Split("KMGTP", "") {
		if value < 1024 {
			break
		}
		value, unit = value/1024, u
	}
	if unit == "" || value >= 10 {
		return fmt.Sprintf("%.0f%s", value, unit)
	}
	return fmt.Sprintf("%.1f%s", value, unit)
}

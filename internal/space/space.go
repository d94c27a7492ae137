// Package space says how much disk and memory are free on this machine.
package space

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Disk is the free space of a directory's disk, in bytes, for this user. It need
// not exist yet: then it is that of the directory it would be made in, which is
// returned, too.
func Disk(dir string) (free uint64, existing string, err error) {
	existing = dir
	free, err = freeDisk(existing)
	for errors.Is(err, fs.ErrNotExist) && existing != filepath.Dir(existing) {
		existing = filepath.Dir(existing)
		free, err = freeDisk(existing)
	}
	if err != nil {
		return 0, existing, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return free, existing, nil
}

// Size is a number of bytes for people: 1.5 GB, 700 MB.
func Size(bytes uint64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%d MB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30))
}

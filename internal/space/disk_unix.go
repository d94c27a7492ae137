//go:build unix

package space

import "golang.org/x/sys/unix"

func freeDisk(dir string) (uint64, error) {
	var disk unix.Statfs_t
	err := unix.Statfs(dir, &disk)
	return disk.Bavail * uint64(disk.Bsize), err
}

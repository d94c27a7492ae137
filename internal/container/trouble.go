package container

import (
	"errors"
	"strings"
	"syscall"
)

// PortTaken tells the error of a container that publishes a port which somebody
// else on the machine has. Docker gives it no type.
func PortTaken(err error) bool {
	return says(err, "port is already allocated", "address already in use", "failed to bind host port", "Ports are not available")
}

// NoSpace tells the error of a full disk, Docker's or this process's.
func NoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || says(err, "no space left on device", "disk quota exceeded")
}

func says(err error, words ...string) bool {
	if err == nil {
		return false
	}
	for _, w := range words {
		if strings.Contains(err.Error(), w) {
			return true
		}
	}
	return false
}

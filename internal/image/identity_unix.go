//go:build unix

package image

import (
	"fmt"
	"syscall"
)

// identity tells files apart whatever their names are.
func identity(s *source) string {
	if sys, ok := s.info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d:%d", sys.Dev, sys.Ino)
	}
	return s.path
}

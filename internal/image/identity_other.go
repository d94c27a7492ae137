//go:build !unix

package image

// identity is the file's name where there are no inode numbers.
func identity(s *source) string { return s.path }

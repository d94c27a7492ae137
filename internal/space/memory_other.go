//go:build !linux

package space

// Memory is the memory that new programs can use, in bytes. known is false: where
// labctl runs in this system, its labs run in a virtual machine with memory of its own.
func Memory() (free uint64, known bool, err error) { return 0, false, nil }

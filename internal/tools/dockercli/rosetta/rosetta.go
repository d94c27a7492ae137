// Package rosetta stands in for a module that the mirrors do not serve. It tells whether a
// process is translated by macOS's Rosetta, which is never so on Linux.
package rosetta

// Available tells whether Rosetta is there.
func Available() bool { return false }

// Enabled tells whether it translates this process.
func Enabled() bool { return false }

// NativeArch is the architecture behind the translation.
func NativeArch() string { return "" }

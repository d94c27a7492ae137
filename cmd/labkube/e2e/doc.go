// Package e2e holds the tests of labkube on real nodes: they need root, the
// binaries in $LABCTL_BIN and -tags e2e.
package e2e

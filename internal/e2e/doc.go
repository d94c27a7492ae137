// Package e2e tests the whole: the built labctl, driven as a user drives it.
// Its tests are behind the build tag e2e, need root and the binaries in
// $LABCTL_BIN; `make test` runs them.
package e2e

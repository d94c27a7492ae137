//go:build tools

// Package testsum pins the test runner that `make test` uses.
package testsum

import _ "gotest.tools/gotestsum"

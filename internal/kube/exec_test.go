package kube

import (
	"errors"
	"testing"
)

func TestNotExecutable(t *testing.T) {
	const runtime = `error executing command in container: failed to exec in container: failed to start exec "1f": `
	tests := map[string]bool{
		runtime + `OCI runtime exec failed: exec failed: unable to start container process: exec: "x": executable file not found in $PATH: unknown`: true,
		runtime + `OCI runtime exec failed: exec failed: unable to start container process: exec: "/x": stat /x: no such file or directory`:         true,
		runtime + `OCI runtime exec failed: exec failed: unable to start container process: exec: "/etc/passwd": permission denied`:                 true,
		`Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory`:                                        false,
		`container not found ("web")`: false,
	}
	for text, want := range tests {
		if got := NotExecutable(errors.New(text)); got != want {
			t.Errorf("%v for %s", got, text)
		}
	}
	if NotExecutable(nil) {
		t.Error("no error is an error")
	}
}

package kube

import (
	"context"
	"errors"
	"io"
	"regexp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"
)

// Command is a command to run in a container.
type Command struct {
	Namespace, Pod, Container string
	Argv                      []string
	Stdin                     io.Reader
	Stdout, Stderr            io.Writer
}

// Exec runs a command in a container and returns its exit code. The error is
// about reaching the container, not about the command.
func (c *Client) Exec(ctx context.Context, cmd Command) (int, error) {
	req := c.Typed.CoreV1().RESTClient().Post().Resource("pods").
		Namespace(cmd.Namespace).Name(cmd.Pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{
			Container: cmd.Container, Command: cmd.Argv,
			Stdin: cmd.Stdin != nil, Stdout: cmd.Stdout != nil, Stderr: cmd.Stderr != nil,
		}, scheme.ParameterCodec)
	ws, err := remotecommand.NewWebSocketExecutor(c.Config, "GET", req.URL().String())
	if err != nil {
		return 0, err
	}
	err = ws.StreamWithContext(ctx, remotecommand.StreamOptions{
		Stdin: cmd.Stdin, Stdout: cmd.Stdout, Stderr: cmd.Stderr,
	})
	var exit utilexec.CodeExitError
	if errors.As(err, &exit) {
		return exit.Code, nil
	}
	return 0, err
}

// NotExecutable tells that a container has no such program, or may not run it,
// which its runtime reports as if that were its own failure: `exec failed: unable
// to start container process: exec: "x": executable file not found in $PATH`.
func NotExecutable(err error) bool {
	return err != nil && notExecutable().MatchString(err.Error())
}

// notExecutable insists on who failed: that of a runtime that is being started
// again ("dial unix ...: no such file or directory") says nothing of the program.
func notExecutable() *regexp.Regexp {
	return regexp.MustCompile(`exec failed.*(executable file not found|no such file or directory|permission denied)`)
}

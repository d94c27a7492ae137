// Package kubectl runs kubectl, which labkube contains anyway.
package kubectl

import (
	"os"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // kubeconfigs of other clusters may need them
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

// Main runs kubectl with args, the program's name first, and returns its exit
// code; on some errors it exits by itself, as kubectl does.
func Main(args []string) int {
	os.Args = append([]string{"kubectl"}, args[1:]...) // kubectl reads them in several places
	if _, err := logs.GlogSetter(cmd.GetLogVerbosity(os.Args)); err != nil {
		return 1
	}
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
		return 1
	}
	return 0
}

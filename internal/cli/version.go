package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/release"
)

type versionDocument struct {
	versioned
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersion(s *State) *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use: "version", Short: "Print labctl's version", Args: maxArgs(0, "version takes no arguments"),
		Example: examples(s, "version", "version -o json"),
		RunE: func(*cobra.Command, []string) error {
			doc := thisVersion()
			if output == formatJSON {
				return printJSON(s.Stdout, doc)
			}
			fmt.Fprintf(s.Stdout, "labctl %s %s %s\n", doc.Version, doc.Go, doc.Platform)
			return nil
		},
	}
	addOutput(cmd, &output)
	return cmd
}

// thisVersion is what the release build, or else the Go toolchain, wrote into the
// binary.
func thisVersion() versionDocument {
	doc := versionDocument{version1(), "devel", "", runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return doc
	}
	if v := cmp.Or(release.Version(), info.Main.Version); v != "" && v != "(devel)" {
		doc.Version = v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			doc.Revision = setting.Value
		}
	}
	return doc
}

// Command generate writes the JSON Schemas of the lab format to labs/. Run it
// in the module's root, or by go generate.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"labctl.dev/labctl/internal/lab/schema"
)

func main() {
	schemas, err := schema.Generate()
	for name, content := range schemas {
		if err == nil {
			err = os.WriteFile(filepath.Join("labs", name), content, 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

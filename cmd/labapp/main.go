// labapp is the program inside every lab image; see package labapp.
package main

import (
	"context"
	"os"

	"labctl.dev/labctl/internal/labapp"
)

func main() {
	os.Exit(labapp.Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr))
}

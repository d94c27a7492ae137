// labctl is the program that users run; see package cli.
package main

import (
	"context"
	"os"

	"labctl.dev/labctl/internal/cli"
)

func main() { os.Exit(cli.Main(context.Background())) }

// Command holdfast stands where terraform stands and lets a change through
// only if every cluster it touches keeps serving. All it does is in package cli.
package main

import (
	"os"

	"github.com/holdfast-gate/holdfast/gate/cli"
)

func main() { os.Exit(cli.Main()) }

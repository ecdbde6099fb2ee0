// Command holdfast-demo plays the incidents that holdfast demo shows. It is a
// program of its own, so that holdfast carries no test equipment: the simulated
// AWS and the test provider are in here. All it does is in package demo.
package main

import (
	"os"

	"github.com/holdfast-gate/holdfast/e2e/demo"
)

func main() { os.Exit(demo.Main()) }

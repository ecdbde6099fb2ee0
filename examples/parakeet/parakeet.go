// Package parakeet holds the files of the example that the demo plays. The
// example itself is in its folders; see README.md.
package parakeet

import "embed"

// Group is the example in folder group: a cluster made by an Auto Scaling
// group, and what holdfast is told about it.
//
//go:embed group/main.tf group/holdfast.hcl
var Group embed.FS

// Package examples holds the files of the incidents, for the demo that plays
// them. What each is about is in the README.md of its folder; the scripts there
// are run by package e2e.
package examples

import "embed"

// Files has the folder of every incident, which is named after who it happened
// to and when: "parakeet-2018".
//
//go:embed *-[0-9][0-9][0-9][0-9]
var Files embed.FS

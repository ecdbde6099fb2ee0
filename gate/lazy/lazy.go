// Package lazy puts off what most runs never need: every run waits for what a
// package prepares before main. It does no I/O.
package lazy

import (
	"regexp"
	"sync"
)

// MustCompile returns an expression that is compiled when it is first asked for. It
// panics then, where regexp.MustCompile would.
func MustCompile(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

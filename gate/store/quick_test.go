//go:build !moto

package store

import "testing"

// more adds no server that this process does not carry itself.
func more(*testing.T, map[string]func(*testing.T) tested) {}

//go:build !moto

package race

import (
	"net/http"
	"testing"
)

// backends are those that a game may be played on.
func backends() []string { return []string{"directory", "s3"} }

// more starts no server that this process does not carry itself.
func more(*testing.T) http.Handler { return nil }

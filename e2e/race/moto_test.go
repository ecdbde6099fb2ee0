//go:build moto

package race

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
)

// backends are those that a game may be played on: with this tag, that of a
// server which nobody here wrote.
func backends() []string { return []string{"moto"} }

// more is moto's server, started on a free port.
func more(t *testing.T) http.Handler {
	t.Helper()
	endpoint, err := url.Parse(emulator.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	return httputil.NewSingleHostReverseProxy(endpoint)
}

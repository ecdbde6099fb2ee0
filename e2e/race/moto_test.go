//go:build moto

package race

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// backends are those that a game may be played on: with this tag, that of a
// server which nobody here wrote.
func backends() []string { return []string{"moto"} }

// more starts moto's server on a free port. Whoever sets the build tag wants it:
// without moto the test fails.
func more(t *testing.T) http.Handler {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, "python3", "-m", "moto.server", "-H", "127.0.0.1", "-p", fmt.Sprint(port))
	var log strings.Builder
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		cancel()
		t.Fatalf("moto's server cannot be started: %v; install it with pip install 'moto[server]'", err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Wait() }()
	t.Cleanup(func() { cancel(); <-ended })
	endpoint := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	deadline, again := time.After(time.Minute), time.NewTicker(50*time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-ended:
			t.Fatalf("moto's server ended by itself; install it with pip install 'moto[server]'\n%s", log.String())
		case <-deadline:
			t.Fatal("moto's server did not answer within a minute")
		case <-again.C:
			if r, err := http.Get(endpoint.String() + "/moto-api/"); err == nil {
				_ = r.Body.Close()
				return httputil.NewSingleHostReverseProxy(endpoint)
			}
		}
	}
}

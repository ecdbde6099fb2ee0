// Package emulator starts moto, an emulator of AWS that nobody here wrote, for
// the tests that hold our own against it. It installs nothing.
package emulator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Start starts a server on a free port of the loopback interface, waits until
// it answers and returns its address. It ends with the test. Whoever calls it
// wants it: without moto the test fails.
func Start(t *testing.T) (endpoint string) {
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
	endpoint = fmt.Sprintf("http://127.0.0.1:%d", port)
	deadline, again := time.After(time.Minute), time.NewTicker(50*time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-ended:
			t.Fatalf("moto's server ended by itself; install it with pip install 'moto[server]'\n%s", log.String())
		case <-deadline:
			t.Fatal("moto's server did not answer within a minute")
		case <-again.C:
			if r, err := http.Get(endpoint + "/moto-api/"); err == nil {
				_ = r.Body.Close()
				return endpoint
			}
		}
	}
}

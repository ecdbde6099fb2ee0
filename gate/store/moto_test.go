//go:build moto

package store

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// more adds moto's server, an emulator nobody here wrote.
func more(t *testing.T, all map[string]func(*testing.T) tested) {
	endpoint := oneWriteAtATime(t, startMoto(t))
	buckets := 0
	all["moto"] = func(t *testing.T) tested {
		settings(t, endpoint)
		buckets++
		bucket := fmt.Sprint("team-", buckets)
		plain(t, http.MethodPut, endpoint+"/"+bucket)
		open := func() backend { return must(NewS3(t.Context(), Bucket{Name: bucket, Prefix: "infra"}))(t) }
		return tested{
			backend: open(), again: open, slack: 2 * time.Second,
			put: func(keys []string) {
				for _, key := range keys {
					plain(t, http.MethodPut, endpoint+"/"+bucket+"/infra/"+key)
				}
			},
		}
	}
}

// oneWriteAtATime stands before a server. Moto 5.2 looks whether a condition
// holds and then writes, with threads and no lock in between (s3/responses.py,
// put_object), so two conditional writes can both be done; S3 promises that
// only one is. In 160 rounds of fifty writers it never happened, but a suite
// must not fail for what S3 does not do.
func oneWriteAtATime(t *testing.T, endpoint string) string {
	proxy := httputil.NewSingleHostReverseProxy(must(url.Parse(endpoint))(t))
	var mu sync.Mutex
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			mu.Lock()
			defer mu.Unlock()
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// plain makes a request without a signature, which moto does not ask for.
func plain(t *testing.T, method, url string) {
	t.Helper()
	r := must(http.NewRequest(method, url, strings.NewReader("")))(t)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	answer := must(http.DefaultClient.Do(r))(t)
	ok(t, answer.Body.Close())
	if answer.StatusCode >= 300 {
		t.Fatalf("%s %s: got status %d", method, url, answer.StatusCode)
	}
}

// startMoto starts moto's server on a free port. Whoever sets the build tag
// wants it: without moto the test fails.
func startMoto(t *testing.T) (endpoint string) {
	t.Helper()
	free := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	port := free.Addr().(*net.TCPAddr).Port
	ok(t, free.Close())
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

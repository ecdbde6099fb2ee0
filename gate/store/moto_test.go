//go:build moto

package store

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
)

// more adds moto's server, an emulator nobody here wrote.
func more(t *testing.T, all map[string]func(*testing.T) tested) {
	endpoint := oneWriteAtATime(t, emulator.Start(t))
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

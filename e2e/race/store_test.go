package race

import (
	"context"
	"crypto/rand"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/store"
)

// An outside is a store that is asked outside of the bubble in which a game's
// time passes: what waits for a socket in it would keep the time from passing.
type outside struct {
	stores []lease.Store // every call takes the next, as if several machines had one each
	turn   atomic.Int64
	slots  chan slot
}

type slot struct {
	work chan func()
	done chan struct{}
}

// open opens a fresh store, and goroutines that call it.
func (c *cloud) open(t *testing.T, backend string) *outside {
	t.Helper()
	o := &outside{stores: c.opened(t, backend), slots: make(chan slot, 32)}
	ctx := t.Context()
	for range cap(o.slots) {
		s := slot{make(chan func()), make(chan struct{})}
		o.slots <- s
		go func() {
			for {
				select {
				case f := <-s.work:
					f()
					s.done <- struct{}{}
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	return o
}

// call calls the store from within the bubble. Time stands still meanwhile.
func (o *outside) call(f func(lease.Store)) {
	s := <-o.slots
	s.work <- func() { f(o.stores[o.turn.Add(1)%int64(len(o.stores))]) }
	<-s.done
	o.slots <- s
}

// timed is the store as the runners see it: far away, and with the bubble's
// clock.
type timed struct {
	*table
	*outside
	clock sync.Mutex
	at    map[string]time.Time // when each key was written last
	calls sync.WaitGroup       // on their way, also those that a runner left behind
}

// Read implements lease.Store.
func (s *timed) Read(ctx context.Context, key string) (data []byte, version string, age time.Duration, err error) {
	s.calls.Add(1)
	defer s.calls.Done()
	s.pause()
	if ctx.Err() != nil {
		return nil, "", 0, ctx.Err()
	}
	s.call(func(b lease.Store) { data, version, _, err = b.Read(context.Background(), key) })
	s.clock.Lock()
	defer s.clock.Unlock()
	return data, version, time.Since(s.at[key]), err
}

// Swap implements lease.Store.
func (s *timed) Swap(ctx context.Context, key, version string, data []byte) (next string, err error) {
	s.calls.Add(1)
	defer s.calls.Done()
	s.pause()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	// Before it is there: nobody may read it and find it older than it is.
	s.clock.Lock()
	s.at[key] = time.Now()
	s.clock.Unlock()
	s.call(func(b lease.Store) { next, err = b.Swap(context.Background(), key, version, data) })
	s.pause() // the answer takes its time, too
	return next, err
}

// List implements lease.Store.
func (s *timed) List(ctx context.Context, prefix string) (keys []string, err error) {
	s.calls.Add(1)
	defer s.calls.Done()
	s.pause()
	s.call(func(b lease.Store) { keys, err = b.List(context.Background(), prefix) })
	return keys, err
}

// opened opens one backend three times.
func (c *cloud) opened(t *testing.T, backend string) []lease.Store {
	t.Helper()
	dir, bucket := filepath.Join(t.TempDir(), "store"), ""
	if backend != "directory" {
		bucket = c.bucket(t, backend)
	}
	var out []lease.Store
	for range 3 {
		var s lease.Store
		var err error
		if bucket == "" {
			s, err = store.NewDirectory(dir)
		} else {
			s, err = store.NewS3(t.Context(), store.Bucket{Name: bucket, Prefix: "infra"})
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// A cloud is where the buckets are: one endpoint for all games, and a server
// for each.
type cloud struct {
	mu      sync.Mutex
	servers map[string]http.Handler // by bucket
	other   http.Handler            // of a real server; nil if there is none
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{servers: map[string]http.Handler{}, other: more(t)}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	return c
}

// ServeHTTP implements http.Handler.
func (c *cloud) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	c.mu.Lock()
	server := c.servers[bucket]
	c.mu.Unlock()
	if server == nil {
		http.NotFound(rw, r)
		return
	}
	server.ServeHTTP(rw, r)
}

// bucket makes a bucket for one game.
func (c *cloud) bucket(t *testing.T, backend string) string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	name := strings.ToLower("team-" + rand.Text())
	if backend == "s3" {
		world := awssim.New(time.Now())
		world.CreateBucket("us-east-1", name)
		c.servers[name] = world
	} else {
		c.servers[name] = c.other
		r := httptest.NewRequest(http.MethodPut, "/"+name, nil)
		r.Host = "127.0.0.1"
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
		answer := httptest.NewRecorder()
		c.other.ServeHTTP(answer, r)
		if answer.Code != http.StatusOK {
			t.Fatalf("the bucket could not be made: %d %s", answer.Code, answer.Body)
		}
	}
	t.Cleanup(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.servers, name)
	})
	return name
}

// memory is a store of one's own, which excludes nobody.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
}

func newMemory() *memory { return &memory{values: map[string][]byte{}} }

// Read implements lease.Store.
func (m *memory) Read(_ context.Context, key string) ([]byte, string, time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if data, ok := m.values[key]; ok {
		return data, string(data), 0, nil
	}
	return nil, "", 0, fs.ErrNotExist
}

// Swap implements lease.Store.
func (m *memory) Swap(_ context.Context, key, version string, data []byte) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if string(m.values[key]) != version {
		return "", fs.ErrExist
	}
	m.values[key] = data
	return string(data), nil
}

// List implements lease.Store.
func (m *memory) List(_ context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.values)), func(key string) bool { return !strings.HasPrefix(key, prefix) }), nil
}

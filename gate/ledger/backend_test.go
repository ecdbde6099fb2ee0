package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/store"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("LEDGER_TEST_APPENDS_TO"); dir != "" {
		appendForever(dir)
	}
	os.Exit(m.Run())
}

// appendForever appends changes to the ledger in a directory and prints each
// place, until it is killed.
func appendForever(dir string) {
	kept, err := store.NewDirectory(dir)
	if err != nil {
		panic(err)
	}
	l := patient(kept)
	for {
		run := ledger.NewRun()
		for _, kind := range []ledger.Kind{ledger.Intent, ledger.Outcome} {
			refs, err := l.Each(context.Background(), []string{"queue", "search"}, ledger.Record{Kind: kind, Run: run, Account: "123456789012"})
			if err != nil {
				panic(err)
			}
			for _, ref := range refs {
				fmt.Println(ref, ref.SHA256)
			}
		}
	}
}

// patient is a ledger over a store that others use at the same time.
func patient(s ledger.Store) *ledger.Ledger {
	return &ledger.Ledger{Store: s, Now: time.Now, Version: "v1", Sleep: func(ctx context.Context, d time.Duration) error {
		select {
		case <-ctx.Done():
		case <-time.After(d):
		}
		return ctx.Err()
	}}
}

func directory(t *testing.T, path string) *store.Directory {
	t.Helper()
	kept, err := store.NewDirectory(path)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func intact(t *testing.T, s ledger.Store) int {
	t.Helper()
	faults, n, err := patient(s).Verify(t.Context())
	if err != nil || len(faults) > 0 {
		t.Fatalf("got faults %v, error %v, want an intact ledger", faults, err)
	}
	return n
}

// TestKilledProcesses kills a process that appends, again and again, at
// whatever it was doing: what it said is there, and the next goes on.
func TestKilledProcesses(t *testing.T) {
	dir := t.TempDir()
	said := map[string]string{}
	for n := range 15 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "LEDGER_TEST_APPENDS_TO="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range n % 7 {
			lines.Scan()
			place, sum, _ := strings.Cut(lines.Text(), " ")
			said[place] = sum
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			if place, sum, ok := strings.Cut(lines.Text(), " "); ok && len(sum) == 64 {
				said[place] = sum
			}
		}
		_ = cmd.Wait() // it was killed
		intact(t, directory(t, dir))
	}
	l := patient(directory(t, dir))
	for place, sum := range said {
		if e, err := l.Find(t.Context(), place); place != "" && (err != nil || e.SHA256 != sum) {
			t.Errorf("%s was said to be written, and is not there: %v", place, err)
		}
	}
	if _, _, err := l.Recent(t.Context(), "123456789012", "search", gate.RecentWindow); err != nil {
		t.Error(err)
	}
	t.Logf("%d records were acknowledged", len(said))
}

// bucket is a simulated S3 that fails now and then: it does not answer a write,
// having done it or not.
type bucket struct {
	world  *awssim.World
	writes atomic.Int64
}

func (b *bucket) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if n := b.writes.Add(1); r.Method == http.MethodPut && n%11 == 0 {
		if n%2 == 0 {
			b.world.ServeHTTP(httptest.NewRecorder(), r)
		}
		panic(http.ErrAbortHandler)
	}
	b.world.ServeHTTP(rw, r)
}

// TestAppendersOfABucket has several machines write to one bucket.
func TestAppendersOfABucket(t *testing.T) {
	b := &bucket{world: awssim.New(time.Now())}
	b.world.CreateBucket("us-east-1", "team")
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	open := func() *store.S3 {
		kept, err := store.NewS3(t.Context(), store.Bucket{Name: "team", Prefix: "infra"})
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	var all sync.WaitGroup
	var written atomic.Int64
	for n := range 10 {
		l := patient(open())
		all.Go(func() {
			for range 4 {
				if _, err := l.Append(t.Context(), ledger.Record{Kind: ledger.Refused, Run: fmt.Sprint(n), Account: "123456789012", Cluster: "Search in eu-west-1"}); err != nil {
					t.Log(err) // a bucket that fails for too long; what counts is what was acknowledged
				} else {
					written.Add(1)
				}
			}
		})
	}
	all.Wait()
	if got := intact(t, open()); got < int(written.Load()) || written.Load() < 30 {
		t.Errorf("got %d records, want at least the %d that were acknowledged, of 40", got, written.Load())
	}
	if _, _, err := patient(open()).Recent(t.Context(), "123456789012", "Search in eu-west-1", time.Minute); err != nil {
		t.Error(err)
	}
}

// TestAppendersOfSeveralProcesses has many ledgers, each with a store of its
// own, write to one directory.
func TestAppendersOfSeveralProcesses(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for n := range 20 {
		l := patient(directory(t, dir))
		all.Go(func() {
			for range 10 {
				if _, err := l.Append(t.Context(), ledger.Record{Kind: ledger.Refused, Run: fmt.Sprint(n), Account: "123456789012", Cluster: "Search in eu-west-1"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := intact(t, directory(t, dir)); got != 200 {
		t.Errorf("got %d records, want 200", got)
	}
}

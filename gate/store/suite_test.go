package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// backend is a store as the suite sees it.
type backend interface {
	Read(ctx context.Context, key string) ([]byte, string, time.Duration, error)
	Swap(ctx context.Context, key, version string, data []byte) (string, error)
	List(ctx context.Context, prefix string) ([]string, error)
	String() string
}

// tested is one kind of store, empty, and what only the test can do to it.
type tested struct {
	backend
	again  func() backend                     // opened once more, as by another process
	older  func(key string, by time.Duration) // lets the store's own clock go on
	put    func(keys []string)                // many objects, by another way; nil means Swap
	slack  time.Duration                      // how much an age may be off
	litter func()                             // what interrupted writes leave behind; nil means that they leave nothing
}

// backends are all kinds of store; the build tag moto adds a real S3 server.
func backends(t *testing.T) map[string]func(*testing.T) tested {
	all := map[string]func(*testing.T) tested{"directory": directory, "s3": simulated}
	more(t, all)
	return all
}

func each(t *testing.T, test func(*testing.T, tested)) {
	for name, open := range backends(t) {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func directory(t *testing.T) tested {
	path := filepath.Join(t.TempDir(), "made", "by", "the store")
	open := func() backend { return must(NewDirectory(path))(t) }
	return tested{
		backend: open(), again: open, slack: 2 * time.Second,
		older: func(key string, by time.Duration) {
			at := time.Now().Add(-by)
			ok(t, os.Chtimes(filepath.Join(path, key), at, at))
		},
		put: func(keys []string) {
			for _, key := range keys {
				file := filepath.Join(path, key)
				ok(t, os.MkdirAll(filepath.Dir(file), 0o700))
				ok(t, os.WriteFile(file, nil, 0o600))
			}
		},
		litter: func() {
			ok(t, os.WriteFile(filepath.Join(path, "a", ".b.new"), []byte("hal"), 0o600))
		},
	}
}

// start is far from the time of the machine, so that a store that asks the
// wrong clock is seen.
var start = func() time.Time { return time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC) }

func simulated(t *testing.T) tested {
	w := awssim.New(start())
	w.CreateBucket("us-east-1", "team")
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	open := func() backend { return openS3(t, server.URL) }
	return tested{
		backend: open(), again: open, slack: time.Second,
		older: func(_ string, by time.Duration) { w.Advance(by) },
		put: func(keys []string) {
			for _, key := range keys {
				w.PutObject("team", "infra/"+key, nil)
			}
		},
	}
}

// openS3 opens the bucket team at a server that is not AWS's.
func openS3(t *testing.T, url string) *S3 {
	t.Helper()
	settings(t, url)
	s := must(NewS3(t.Context(), Bucket{Name: "team", Prefix: "infra"}))(t)
	s.pause = time.Millisecond
	return s
}

// settings is a world with credentials and one server.
func settings(t *testing.T, url string) {
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDCANARY", "AWS_SECRET_ACCESS_KEY": "secret-canary",
		"AWS_SESSION_TOKEN": "token-canary", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is wants an error of a kind, with words for users.
func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func TestSwap(t *testing.T) {
	each(t, func(t *testing.T, s tested) {
		ctx := t.Context()
		_, _, _, err := s.Read(ctx, "a/b")
		is(t, err, fs.ErrNotExist)
		_, err = s.Swap(ctx, "a/b", "never", []byte("0"))
		is(t, err, fs.ErrExist)
		_, _, _, err = s.Read(ctx, "a/b")
		is(t, err, fs.ErrNotExist)

		one := must(s.Swap(ctx, "a/b", "", []byte("1")))(t)
		_, err = s.Swap(ctx, "a/b", "", []byte("2"))
		is(t, err, fs.ErrExist)
		data, version, _, err := s.again().Read(ctx, "a/b")
		ok(t, err)
		if string(data) != "1" || version != one {
			t.Fatalf("got %q of version %s, want 1 of version %s", data, version, one)
		}

		two := must(s.again().Swap(ctx, "a/b", one, []byte("2")))(t)
		_, err = s.Swap(ctx, "a/b", one, []byte("3"))
		is(t, err, fs.ErrExist)
		if data, version, _, err := s.Read(ctx, "a/b"); err != nil || string(data) != "2" || version != two || two == one {
			t.Fatalf("got %q of version %s (%v), want 2 of version %s", data, version, err, two)
		}
	})
}

func TestAnyBytes(t *testing.T) {
	each(t, func(t *testing.T, s tested) {
		for i, want := range [][]byte{{}, {0, 255, 10, 13}, bytes.Repeat([]byte("0123456789abcde\n"), 1<<16)} {
			key := fmt.Sprint("bytes/", i)
			must(s.Swap(t.Context(), key, "", want))(t)
			if got, _, _, err := s.Read(t.Context(), key); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes came back as %d, %v", len(want), len(got), err)
			}
		}
	})
}

func TestKeysThatCouldMeanSomethingElse(t *testing.T) {
	each(t, func(t *testing.T, s tested) {
		for _, key := range []string{"", "/", "/a", "a/", "a//b", "..", "a/../b", "./a", ".lock", "a/.b.new", "a\\b", "a:b", "A", "a b", "a\x00b", "é", "a.", strings.Repeat("a", 201), strings.Repeat("a/", 500) + "a"} {
			_, _, _, err := s.Read(t.Context(), key)
			_, swapErr := s.Swap(t.Context(), key, "", []byte("x"))
			if err == nil || swapErr == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(swapErr, fs.ErrExist) {
				t.Errorf("key %q: got %v and %v, want it refused", key, err, swapErr)
			}
		}
		if keys := must(s.List(t.Context(), ""))(t); len(keys) > 0 {
			t.Errorf("got keys %q, want none", keys)
		}
	})
}

func TestListOfManyPages(t *testing.T) {
	each(t, func(t *testing.T, s tested) {
		if keys := must(s.List(t.Context(), "many/"))(t); len(keys) > 0 {
			t.Errorf("an empty store has keys %q", keys)
		}
		var want []string
		for i := range 2500 {
			want = append(want, fmt.Sprintf("many/%d/%d", i%7, i))
		}
		s.put(want)
		s.put([]string{"manyfold", "other/1"})
		slices.Sort(want)
		if diff := cmp.Diff(want, must(s.List(t.Context(), "many/"))(t)); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
		if got := len(must(s.List(t.Context(), "many/3/1"))(t)); got != len(slices.DeleteFunc(want, func(k string) bool { return !strings.HasPrefix(k, "many/3/1") })) {
			t.Errorf("got %d keys of a part of a name", got)
		}
	})
}

func TestAgeIsByTheStoresClock(t *testing.T) {
	each(t, func(t *testing.T, s tested) {
		version := must(s.Swap(t.Context(), "a/b", "", []byte("1")))(t)
		if s.older == nil {
			t.Log("the clock of this server cannot be moved: only a fresh age is looked at")
		} else {
			s.older("a/b", 90*time.Second)
			if _, _, age, err := s.Read(t.Context(), "a/b"); err != nil || (age-90*time.Second).Abs() > s.slack {
				t.Errorf("got age %s (%v), want 90 s", age, err)
			}
		}
		must(s.Swap(t.Context(), "a/b", version, []byte("2")))(t)
		if _, _, age, err := s.Read(t.Context(), "a/b"); err != nil || age < 0 || age > s.slack {
			t.Errorf("got age %s (%v), want none", age, err)
		}
	})
}

// Of fifty who write at once, one wins each round, and everybody else knows.
func TestOneOfManyWins(t *testing.T) {
	each(t, func(t *testing.T, s tested) {
		version := ""
		for round := range 4 {
			var mu sync.Mutex
			var winners []string
			var next string
			var all sync.WaitGroup
			for i := range 50 {
				all.Go(func() {
					data := fmt.Sprintf("round %d, writer %d", round, i)
					v, err := s.Swap(t.Context(), "contended/key", version, []byte(data))
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						winners, next = append(winners, data), v
					} else if !errors.Is(err, fs.ErrExist) {
						t.Errorf("got error %v, want fs.ErrExist", err)
					}
				})
			}
			all.Wait()
			data, there, _, err := s.Read(t.Context(), "contended/key")
			if err != nil || len(winners) != 1 || string(data) != winners[0] || there != next {
				t.Fatalf("round %d: winners %q, then %q (%v)", round, winners, data, err)
			}
			version = next
		}
	})
}

func TestWhatInterruptedWritesLeave(t *testing.T) {
	each(t, func(t *testing.T, s tested) {
		version := must(s.Swap(t.Context(), "a/b", "", []byte("1")))(t)
		if s.litter != nil {
			s.litter()
		}
		if diff := cmp.Diff([]string{"a/b"}, must(s.List(t.Context(), ""))(t)); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
		must(s.Swap(t.Context(), "a/b", version, []byte("2")))(t)
	})
}

func TestInterrupted(t *testing.T) {
	each(t, func(t *testing.T, s tested) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, _, err := s.Read(ctx, "a/b")
		is(t, err, context.Canceled)
		_, err = s.Swap(ctx, "a/b", "", nil)
		is(t, err, context.Canceled)
	})
}

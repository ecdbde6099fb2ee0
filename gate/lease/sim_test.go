package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// sim is a store in a bubble of fake time, with a clock of its own that tells
// whole seconds, as S3's does, and a network before it that a test can disturb.
type sim struct {
	skew time.Duration // of its clock

	mu      sync.Mutex
	objects map[string]object
	writes  int
	network func(op, key string) trouble // asked for each call; nil means no trouble
	wrote   func(before, after record)   // sees each write while it happens
}

type object struct {
	data    []byte
	version string
	at      time.Time
}

// trouble is what happens to one call.
type trouble struct {
	there, back time.Duration // on the way
	err         error         // the answer, whatever the store did
	never       bool          // it does not arrive
}

var errUnavailable = errors.New("the server answered 503 (ServiceUnavailable)\nTry again")

func newSim() *sim { return &sim{skew: 437 * time.Millisecond, objects: map[string]object{}} }

// travel carries a call there and back. What is on its way arrives, even when
// who sent it has given up.
func travel[T any](ctx context.Context, s *sim, op, key string, do func() (T, error)) (T, error) {
	var t trouble
	s.mu.Lock()
	network := s.network
	s.mu.Unlock()
	if network != nil {
		t = network(op, key)
	}
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		<-time.After(t.there)
		var a answer
		if !t.never {
			s.mu.Lock()
			a.value, a.err = do()
			s.mu.Unlock()
		}
		<-time.After(t.back)
		if t.err != nil {
			a.err = t.err
		}
		done <- a
	}()
	var none T
	select {
	case a := <-done:
		if a.err != nil {
			return none, a.err
		}
		return a.value, nil
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

func (s *sim) now() time.Time { return time.Now().Add(s.skew).Truncate(time.Second) }

func (s *sim) Read(ctx context.Context, key string) ([]byte, string, time.Duration, error) {
	type reading struct {
		object
		age time.Duration
	}
	r, err := travel(ctx, s, "read", key, func() (reading, error) {
		o, ok := s.objects[key]
		if !ok {
			return reading{}, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
		}
		return reading{o, s.now().Sub(o.at)}, nil
	})
	return r.data, r.version, r.age, err
}

func (s *sim) Swap(ctx context.Context, key, version string, data []byte) (string, error) {
	return travel(ctx, s, "swap", key, func() (string, error) {
		o := s.objects[key]
		if o.version != version {
			return "", fmt.Errorf("%s: %w", key, fs.ErrExist)
		}
		var before, after record
		if o.data != nil {
			_ = json.Unmarshal(o.data, &before)
		}
		if s.wrote != nil && json.Unmarshal(data, &after) == nil {
			s.wrote(before, after)
		}
		s.writes++
		next := fmt.Sprint(s.writes)
		s.objects[key] = object{data, next, s.now()}
		return next, nil
	})
}

func (s *sim) List(ctx context.Context, prefix string) ([]string, error) {
	return travel(ctx, s, "list", prefix, func() (keys []string, err error) {
		for _, key := range slices.Sorted(maps.Keys(s.objects)) {
			if strings.HasPrefix(key, prefix) {
				keys = append(keys, key)
			}
		}
		return keys, nil
	})
}

func (s *sim) disturb(network func(op, key string) trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.network = network
}

// record is what is there about a cluster.
func (s *sim) record(t *testing.T, cluster string) record {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var r record
	if err := json.Unmarshal(s.objects[key(account, cluster)].data, &r); err != nil {
		t.Fatalf("%s: %v", cluster, err)
	}
	return r
}

const account = "123456789012"

// keeper is one of somebody whose clocks are wrong by skew.
func keeper(s Store, name string, skew time.Duration) *Keeper {
	now := func() time.Time { return time.Now().Add(skew) }
	return &Keeper{Store: s, Now: now, clock: now, Holder: Holder{ID: "run-" + name, Actor: name, Host: "host-of-" + name, Directory: "/srv/" + name, PID: 1}}
}

func take(t *testing.T, k *Keeper, clusters ...string) *Lease {
	t.Helper()
	l, err := k.Take(t.Context(), account, clusters, 0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// kill ends a holder as SIGKILL does: it gives nothing back.
func (l *Lease) kill() {
	l.giving.Do(func() {
		l.stop()
		l.work.Wait()
	})
}

func (l *Lease) isLost() bool {
	select {
	case <-l.Lost():
		return true
	default:
		return false
	}
}

func pass(d time.Duration) { <-time.After(d) }

func held(t *testing.T, err error) *HeldError {
	t.Helper()
	var h *HeldError
	if !errors.As(err, &h) {
		t.Fatalf("got %v, want a HeldError", err)
	}
	return h
}

// says wants an error of one sentence with these words, and one that helps.
func says(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", words)
	}
	what, fix, _ := strings.Cut(err.Error(), "\n")
	if !strings.Contains(what, words) || fix == "" {
		t.Errorf("got %q, want a sentence with %q and one that helps", err, words)
	}
}

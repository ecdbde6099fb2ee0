package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// memory is a store in memory, with what the tests need to disturb it.
type memory struct {
	mu       sync.Mutex
	values   map[string]value
	writes   int
	ops      int
	stopAt   int                               // the operation from which on nothing works; zero means never
	stopped  func(op string, key string) bool  // whether the stopping operation still takes effect
	disturb  func(op, key string, n int) error // an error instead of an answer, or after it
	afterErr bool                              // the disturbed write takes effect
	calls    map[string]int
}

type value struct {
	data    []byte
	version string
	at      time.Time
}

var errStopped = errors.New("the process was killed")

func newMemory() *memory { return &memory{values: map[string]value{}, calls: map[string]int{}} }

// step counts an operation and says whether it works.
func (m *memory) step(op, key string) (effect bool, err error) {
	m.ops++
	m.calls[op]++
	if m.stopAt > 0 && m.ops >= m.stopAt {
		return m.ops == m.stopAt && m.stopped != nil && m.stopped(op, key), errStopped
	}
	if m.disturb != nil {
		if err := m.disturb(op, key, m.ops); err != nil {
			return m.afterErr, err
		}
	}
	return true, nil
}

func (m *memory) Read(_ context.Context, key string) ([]byte, string, time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.step("read", key); err != nil {
		return nil, "", 0, err
	}
	v, ok := m.values[key]
	if !ok {
		return nil, "", 0, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
	}
	return slices.Clone(v.data), v.version, time.Since(v.at), nil
}

func (m *memory) Swap(_ context.Context, key, version string, data []byte) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	effect, err := m.step("swap", key)
	if err != nil && !effect {
		return "", err
	}
	if m.values[key].version != version {
		return "", fmt.Errorf("%s: %w", key, fs.ErrExist)
	}
	m.writes++
	m.values[key] = value{slices.Clone(data), fmt.Sprint(m.writes), time.Now()}
	return fmt.Sprint(m.writes), err
}

func (m *memory) List(_ context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.step("list", prefix); err != nil {
		return nil, err
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(m.values)) {
		if strings.HasPrefix(key, prefix) {
			out = append(out, key)
		}
	}
	return out, nil
}

// copied is the same values in a store that nothing disturbs.
func (m *memory) copied() *memory {
	out := newMemory()
	out.values, out.writes = maps.Clone(m.values), m.writes
	return out
}

// put writes whatever is there, as somebody who edits files does.
func (m *memory) put(key string, data []byte) {
	m.writes++
	m.values[key] = value{slices.Clone(data), fmt.Sprint(m.writes), time.Now()}
}

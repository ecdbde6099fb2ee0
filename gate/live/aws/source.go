package aws

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// A fault is one thing that could not be read, and why.
type fault struct {
	problem gate.Problem
	text    string // one sentence without a full stop
}

// source keeps how the reading of one source goes, from many goroutines.
type source struct {
	name  string
	calls atomic.Int64

	mu     sync.Mutex
	some   bool // something was read
	faults []fault
}

// got notes that an answer came.
func (s *source) got() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.some = true
}

// fail notes that the source is not complete.
func (s *source) fail(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// shares notes the faults of another source, which is read by the same call.
func (s *source) shares(other *source) {
	other.mu.Lock()
	faults := slices.Clone(other.faults)
	other.mu.Unlock()
	for _, f := range faults {
		s.fail(f)
	}
}

// whole reports whether nothing has failed so far.
func (s *source) whole() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults) == 0
}

// ctx is a context under which requests are counted for this source.
func (s *source) ctx(ctx context.Context) context.Context { return counting(ctx, &s.calls) }

// row is what the snapshot says about the source: its worst fault, which does
// not depend on the order in which faults came.
func (s *source) row(region string, at time.Time) gate.Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := gate.Source{Name: s.name, Region: region, ReadAt: at, Complete: len(s.faults) == 0, Calls: int(s.calls.Load())}
	if row.Complete {
		return row
	}
	slices.SortFunc(s.faults, func(a, b fault) int {
		return cmp.Or(cmp.Compare(severity(a.problem), severity(b.problem)), cmp.Compare(a.text, b.text))
	})
	worst := s.faults[0]
	row.Problem, row.Err = worst.problem, worst.text
	// What was read is kept, and is less than there is.
	if row.Problem == gate.ProblemFailed && s.some {
		row.Problem = gate.ProblemPartial
	}
	if more := len(s.faults) - 1; more > 0 {
		row.Err += fmt.Sprintf(" (and %d more reads failed)", more)
	}
	return row
}

// severity orders problems by which one a user has to solve first.
func severity(p gate.Problem) int {
	return slices.Index([]gate.Problem{gate.ProblemCredentials, gate.ProblemDenied, gate.ProblemTimeout,
		gate.ProblemThrottled, gate.ProblemPartial, gate.ProblemFailed, gate.ProblemMissing}, p)
}

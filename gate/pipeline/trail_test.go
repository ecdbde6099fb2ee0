package pipeline

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// told is a Trail that has ended, or never does, and knows what it knows.
type told struct {
	done  chan struct{}
	knows gate.Trail
}

func (t told) Done() <-chan struct{} { return t.done }
func (t told) Known() gate.Trail     { return t.knows }

// over is a Trail that has been read to its end.
func over(knows gate.Trail) Trail {
	done := make(chan struct{})
	close(done)
	return told{done, knows}
}

// aboutOne is a verdict that blocks because of member i-1.
func aboutOne() gate.Verdict {
	return gate.Verdict{Decision: gate.Block, Findings: []gate.Finding{{Code: "settled.transitional", Decision: gate.Block, Cluster: "search", Subjects: []string{"i-1"}}},
		Clusters: []*gate.View{{Cluster: gate.Cluster{Name: "search"}, Members: []gate.MemberView{{Member: gate.Member{ID: "i-1", Region: "r"}}}}}}
}

// Slow, denied or lying, the trail changes nothing of the verdict, and it is
// waited for until its deadline at most. The clock is synctest's.
func TestWhateverTheTrailDoesTheVerdictIsTheSameAndInTime(t *testing.T) {
	lie := gate.Attribution{Region: "r", Ref: "i-1", Event: "TerminateInstances", Who: "holdfast", Means: gate.MeansHoldfast, Source: gate.SourceTrail}
	for name, c := range map[string]struct {
		trail func() Trail  // made where time is the test's
		wait  time.Duration // that the verdict takes
		knows int
	}{
		"none":   {func() Trail { return nil }, 0, 0},
		"slow":   {func() Trail { return told{done: make(chan struct{})} }, 4 * time.Second, 0},
		"denied": {func() Trail { return over(gate.Trail{Reach: []gate.Reach{{Region: "r", Problem: gate.ProblemDenied}}}) }, 0, 0},
		"lying":  {func() Trail { return over(gate.Trail{Attributions: []gate.Attribution{lie}}) }, 0, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			g := &Gate{
				Now: time.Now, TrailWait: 4 * time.Second,
				Trail:    func(context.Context, []string) Trail { return c.trail() },
				Live:     func(context.Context, *gate.Plan) (*gate.Snapshot, error) { return &gate.Snapshot{}, nil },
				Evaluate: func(gate.Input) gate.Verdict { return aboutOne() },
			}
			d, err := g.judge(t.Context(), &gate.Plan{Regions: []string{"r"}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := g.attributed(d.Verdict)
			if took := time.Since(began); took != c.wait {
				t.Errorf("%s: it took %s, want %s", name, took, c.wait)
			}
			if n := len(got.Trail.Attributions); n != c.knows {
				t.Errorf("%s: %d attributions, want %d", name, n, c.knows)
			}
			got.Trail = nil
			a, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(aboutOne())
			if err != nil {
				t.Fatal(err)
			}
			if string(a) != string(b) {
				t.Errorf("%s: the verdict is\n%s\nwant\n%s", name, a, b)
			}
		})
	}
}

func TestTheTrailIsNotReadWithoutAnythingToExplain(t *testing.T) {
	var verdict gate.Verdict
	begun := 0
	g := &Gate{Now: time.Now, TrailWait: 4 * time.Second,
		Live:     func(context.Context, *gate.Plan) (*gate.Snapshot, error) { return &gate.Snapshot{}, nil },
		Evaluate: func(gate.Input) gate.Verdict { return verdict },
		Trail: func(context.Context, []string) Trail {
			begun++
			return over(gate.Trail{})
		},
	}
	for _, c := range []struct {
		verdict gate.Verdict
		want    int
	}{{allow(), 0}, {aboutOne(), 1}} {
		verdict, begun = c.verdict, 0
		d, err := g.judge(t.Context(), &gate.Plan{Regions: []string{"r"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if v := g.attributed(d.Verdict); begun != c.want || (v.Trail != nil) != (c.want > 0) {
			t.Errorf("%s: begun %d times, want %d; it says %+v", d.Decision, begun, c.want, v.Trail)
		}
	}
}

// A reading that began for one verdict is not left behind when the next has
// nothing to explain.
func TestTheTrailIsNotWaitedForWithoutAnythingToExplain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var reading context.Context
		g := &Gate{Now: time.Now, TrailWait: 4 * time.Second, Trail: func(ctx context.Context, _ []string) Trail {
			reading = ctx
			return told{done: make(chan struct{})}
		}}
		g.beginTrail(t.Context(), &gate.Plan{Regions: []string{"r"}})
		if v := g.attributed(allow()); v.Trail != nil || time.Since(began) != 0 {
			t.Errorf("it took %s and says %+v", time.Since(began), v.Trail)
		}
		if reading.Err() == nil {
			t.Error("the reading goes on though nobody waits for it")
		}
	})
}

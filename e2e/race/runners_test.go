package race

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/store"
)

const (
	manyRuns     = 200
	manyClusters = 50
)

// A depot is one S3 server on loopback, and every request it got.
type depot struct {
	world *awssim.World
	asked atomic.Int64
}

func newDepot(tb testing.TB) *depot {
	tb.Helper()
	d := &depot{world: awssim.New(time.Now())}
	d.world.CreateBucket("us-east-1", "team")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.asked.Add(1)
		d.world.ServeHTTP(w, r)
	}))
	tb.Cleanup(server.Close)
	tb.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	return d
}

// A load is what many runs at once cost.
type load struct {
	calls   float64         // of the store for each run, without those of who waits
	waits   float64         // looks at a lease that somebody else holds, for each run
	elapsed time.Duration   // of all
	took    []time.Duration // each run, sorted
}

// runs has runners make runs, each with nothing from those before: take
// the lease of a cluster, write down what is to be done and how it ended, and
// let go. Nothing is kept between them but the objects of the bucket.
func (d *depot) runs(tb testing.TB, runners, runs int) load {
	tb.Helper()
	var waits atomic.Int64
	took := make([]time.Duration, runs)
	before, began := d.asked.Load(), time.Now()
	var working sync.WaitGroup
	for runner := range runners {
		working.Go(func() {
			for i := runner; i < runs; i += runners {
				start := time.Now()
				if err := oneRun(tb.Context(), fmt.Sprintf("c%02d", i%manyClusters), &waits); err != nil {
					tb.Errorf("run %d of %d runners: %v", i, runners, err)
				}
				took[i] = time.Since(start)
			}
		})
	}
	working.Wait()
	slices.Sort(took)
	return load{calls: float64(d.asked.Load()-before-waits.Load()) / float64(runs), waits: float64(waits.Load()) / float64(runs), elapsed: time.Since(began), took: took}
}

// oneRun is what the process of a guarded apply asks of the store.
func oneRun(ctx context.Context, cluster string, waits *atomic.Int64) error {
	const account = awssim.DefaultAccount
	s, err := store.NewS3(ctx, store.Bucket{Name: "team", Prefix: "infra"})
	if err != nil {
		return err
	}
	k := &lease.Keeper{Store: s, Holder: lease.Holder{ID: lease.NewID()}, Sleep: func(ctx context.Context, _ time.Duration) error {
		waits.Add(1)
		<-time.After(5 * time.Millisecond)
		return ctx.Err()
	}}
	l, err := k.Take(ctx, account, []string{cluster}, time.Minute)
	if err != nil {
		return err
	}
	book := &ledger.Ledger{Store: s, Now: time.Now, Sleep: k.Sleep, Version: "test"}
	for _, kind := range []ledger.Kind{ledger.Intent, ledger.Outcome} {
		if _, err := book.Append(ctx, ledger.Record{Kind: kind, Run: k.Holder.ID, Account: account, Cluster: cluster, Token: l.Token(cluster)}); err != nil {
			return err
		}
	}
	return l.Release(ctx)
}

// What a run asks of the store does not depend on how many others there are.
func TestACallMoreForNobody(t *testing.T) {
	var first float64
	for _, runners := range []int{1, manyClusters} {
		got := newDepot(t).runs(t, runners, manyClusters)
		if first == 0 {
			first = got.calls
		}
		if got.calls != first || got.waits != 0 || got.calls < 5 {
			t.Errorf("%d runners: got %.2f calls and %.2f waits for each run, want %.2f and none", runners, got.calls, got.waits, first)
		}
	}
	t.Logf("%.0f calls for each run", first)
}

// What another runner brings, and what it costs the slowest: 200 runs on 50
// clusters, of which four are about the same one.
func BenchmarkRunners(b *testing.B) {
	for _, runners := range []int{1, 2, 10, 50, 200} {
		b.Run(fmt.Sprintf("runners=%d", runners), func(b *testing.B) {
			d := newDepot(b)
			var all load
			for b.Loop() {
				got := d.runs(b, runners, manyRuns)
				all.took = append(all.took, got.took...)
				all.calls, all.waits, all.elapsed = all.calls+got.calls, all.waits+got.waits, all.elapsed+got.elapsed
			}
			slices.Sort(all.took)
			n := float64(b.N)
			b.ReportMetric(n*manyRuns/all.elapsed.Seconds(), "runs/s")
			b.ReportMetric(all.calls/n, "calls/run")
			b.ReportMetric(all.waits/n, "waits/run")
			b.ReportMetric(float64(all.took[len(all.took)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(all.took[len(all.took)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}

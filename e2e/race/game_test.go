package race

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/change"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/pipeline"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A guard is one of the things that keep changes apart.
type guard int

const (
	allGuards guard = iota
	theLease
	theRecheck
	theLedger
	theWindow
)

// A game is one interleaving: everything about it follows from its seed, but
// for the order of what happens in the same nanosecond.
type game struct {
	seed     uint64
	n        int           // runners
	members  int           // of the cluster
	victims  int           // of each runner
	floor    int           // of the cluster
	backend  string        // where leases and records are kept
	grouped  bool          // the members are in groups, and each runner empties one
	lag      time.Duration // by which reads of EC2 are behind
	behind   time.Duration // by which reads of the groups are
	patience time.Duration // longest that a runner waits
	without  guard         // this one is broken
}

// draw makes a game of a seed.
func draw(seed uint64) game {
	r := rand.New(rand.NewPCG(seed, 1))
	g := game{seed: seed, n: 2, backend: backends()[r.IntN(len(backends()))]}
	if r.IntN(4) == 0 {
		g.n = 20
	}
	if r.IntN(3) == 0 {
		g.lag = time.Duration(r.Int64N(int64(5 * time.Minute)))
	}
	if g.grouped = r.IntN(3) == 0; g.grouped && r.IntN(3) == 0 {
		g.behind = time.Duration(r.Int64N(int64(5 * time.Minute)))
	}
	switch r.IntN(2) {
	case 0:
		g.patience = time.Duration(r.Int64N(int64(6 * time.Minute)))
	case 1:
		if g.lag > 0 && g.n == 2 {
			g.patience = 15 * time.Minute // whoever waits sees the end of the lag
		}
	}
	g.fill()
	return g
}

// fill sizes the cluster: all the runners together would empty it.
func (g *game) fill() {
	r := rand.New(rand.NewPCG(g.seed, 2))
	g.victims = 1 + r.IntN(2)
	if g.n > 2 {
		g.victims = 1
	}
	g.members = g.n * g.victims
	// Each change alone leaves the floor; not all of them do together.
	g.floor = g.members - g.victims*(1+r.IntN(min(g.n-1, 4)))
}

func (g game) String() string {
	return fmt.Sprintf("%d runners, %d members, in groups %v, floor %d, %s, EC2 %s behind and groups %s, waiting up to %s",
		g.n, g.members, g.grouped, g.floor, g.backend, g.lag.Round(time.Second), g.behind.Round(time.Second), g.patience.Round(time.Second))
}

// A table is a game on its way, in a time of its own.
type table struct {
	game
	*change.Cluster
	store *timed
	dir   string

	mu      sync.Mutex
	rng     *rand.Rand
	tally   tally
	holding int
	began   map[string]bool // runs whose terraform began
}

// play plays a game and returns what happened.
func (g game) play(t *testing.T, c *cloud) tally {
	t.Helper()
	start := time.Now()
	b := c.open(t, g.backend)
	var out tally
	synctest.Test(t, func(t *testing.T) {
		table := &table{game: g, dir: t.TempDir(), rng: rand.New(rand.NewPCG(g.seed, 3)), began: map[string]bool{}}
		if g.grouped {
			table.Cluster = change.NewGroups(time.Now(), g.n, g.victims, g.floor)
		} else {
			table.Cluster = change.New(time.Now(), g.members, g.floor, change.Name)
		}
		table.SetLag("ec2", g.lag)
		table.SetLag("autoscaling", g.behind)
		table.store = &timed{table: table, outside: b, at: map[string]time.Time{}}
		table.tally.least = table.Serving()
		var running sync.WaitGroup
		for i := range g.n {
			running.Go(func() { table.run(t, i) })
		}
		running.Wait()
		table.audit(t)
		// No time passes once this has returned, and a call of the store that was
		// left behind takes some: first each has begun, then each has ended.
		synctest.Wait()
		table.store.calls.Wait()
		out = table.tally
	})
	out.slowest = time.Since(start)
	return out
}

// pause lets a random time pass before something that has an effect: mostly
// next to none, sometimes seconds.
func (b *table) pause() {
	b.mu.Lock()
	longest := []time.Duration{time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond, 200 * time.Millisecond, 3 * time.Second}[b.rng.IntN(5)]
	d := 1 + time.Duration(b.rng.Int64N(int64(longest)))
	b.mu.Unlock()
	pass(d)
	b.follow()
}

// follow moves the simulated account to the time it is, and counts who serves.
func (b *table) follow() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d := time.Since(b.Now()); d > 0 {
		b.Advance(d)
	}
	b.tally.least = min(b.tally.least, b.Serving())
}

// pass lets time pass.
func pass(d time.Duration) { <-time.After(d) }

// until is a random time below d.
func (b *table) until(d time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Duration(b.rng.Int64N(int64(d) + 1))
}

// run is one holdfast apply in a directory of its own.
func (b *table) run(t *testing.T, i int) {
	id := fmt.Sprintf("run-%02d", i)
	plan := filepath.Join(b.dir, id)
	each := len(b.IDs) / b.n
	mine := b.IDs[i*each : (i+1)*each]
	if err := b.WritePlan(plan, time.Now(), mine...); err != nil {
		t.Error(err)
		return
	}
	starts := []time.Duration{time.Millisecond, time.Second, time.Minute, 5 * time.Minute}
	pass(b.until(starts[b.until(time.Duration(len(starts)-1))]))
	var log strings.Builder
	w := b.wrapper(t, id, &log)
	code, err := w.Apply(t.Context(), "apply", []string{plan})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tally.runs++
	switch {
	case code == 0 && err == nil:
		b.tally.applied++
	case b.began[id]:
		b.tally.stopped++
	default:
		b.tally.refused++
	}
	if err != nil && !strings.HasPrefix(err.Error(), "lease.held: ") && !strings.HasPrefix(err.Error(), "lease.failed: the leases kept changing") {
		b.tally.problems = append(b.tally.problems, fmt.Sprintf("%s: %v\n%s", id, err, &log))
	}
	if strings.Contains(log.String(), "unwritten") {
		b.tally.problems = append(b.tally.problems, log.String())
	}
}

// wrapper is the pipeline of one runner, with a random time before everything
// that it does.
func (b *table) wrapper(t *testing.T, id string, log *strings.Builder) *pipeline.Wrapper {
	read := b.Live(t.Context())
	live := func(ctx context.Context, plan *gate.Plan) (*gate.Snapshot, error) {
		b.pause()
		s, err := read(ctx, plan)
		b.follow()
		return s, err
	}
	w := b.Wrapper(change.Run{
		ID: id, Store: b.store, Live: live, Log: log, Now: time.Now, Sleep: b.sleep,
		Tool: change.Terraform{Ends: func(call terraform.ApplyCall, ids []string) int { return b.apply(id, call, ids) }},
	})
	w.Wait, w.Follow = b.until(b.patience), b.until(time.Minute)
	switch b.without {
	case theLease:
		w.Leases.Store = newMemory()
	case theRecheck:
		var first *gate.Snapshot
		w.Live = func(ctx context.Context, plan *gate.Plan) (s *gate.Snapshot, err error) {
			if first == nil {
				first, err = live(ctx, plan)
			}
			return first, err
		}
		fallthrough
	case theLedger:
		evaluate := w.Evaluate
		w.Evaluate = func(in gate.Input) gate.Verdict {
			in.Recent = nil
			return evaluate(in)
		}
	case theWindow:
		evaluate := w.Evaluate
		w.Evaluate = func(in gate.Input) gate.Verdict {
			in.Recent = slices.DeleteFunc(slices.Clone(in.Recent), func(r gate.Recent) bool { return in.Now.Sub(r.At) > gate.RecentWindow/2 })
			return evaluate(in)
		}
	}
	return w
}

func (b *table) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		b.follow()
		return ctx.Err()
	}
}

// apply is terraform: it ends its members one after the other, and may be back
// before they are gone.
func (b *table) apply(id string, call terraform.ApplyCall, ids []string) int {
	b.mu.Lock()
	b.began[id] = true
	if b.holding++; b.holding > 1 {
		b.tally.doubles++
	}
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.holding--
		b.mu.Unlock()
	}()
	for _, victim := range ids {
		b.pause()
		select {
		case <-call.Stop:
			return 1
		default:
		}
		b.End(victim)
		b.follow()
	}
	pass(b.until(40 * time.Second))
	b.follow()
	return 0
}

// audit reads the ledger when all is over.
func (b *table) audit(t *testing.T) {
	l := &ledger.Ledger{Store: b.store, Now: time.Now, Sleep: b.sleep, Version: "test"}
	if err := change.Sound(t.Context(), l); err != nil {
		b.problem("the ledger does not verify: %v", err)
	}
	records, err := change.Records(t.Context(), l)
	if err != nil {
		b.problem("%v", err)
	}
	token, open := int64(0), ""
	intents, outcomes := map[string]int{}, map[string]int{}
	for _, r := range records {
		switch r.Kind {
		case ledger.Intent:
			intents[r.Run]++
			if r.Token <= token || r.Account != awssim.DefaultAccount {
				b.problem("the intent of %s has token %d after %d", r.Run, r.Token, token)
			}
			if open != "" {
				b.problem("%s began before %s had ended", r.Run, open)
			}
			token, open = r.Token, r.Run
		case ledger.Outcome:
			outcomes[r.Run]++
			if open != r.Run {
				b.problem("%s ended and %s was open", r.Run, open)
			}
			open = ""
		}
	}
	for run := range b.began {
		if intents[run] != 1 || outcomes[run] != 1 {
			b.problem("terraform began for %s, and there are %d intents and %d outcomes of it", run, intents[run], outcomes[run])
		}
	}
}

func (b *table) problem(format string, args ...any) {
	b.tally.problems = append(b.tally.problems, fmt.Sprintf(format, args...))
}

// hold says what does not hold.
func (a *tally) hold(t *testing.T, g game) {
	t.Helper()
	for _, p := range a.problems {
		t.Error(p)
	}
	if a.least < g.floor {
		t.Errorf("got %d members serving, want %d", a.least, g.floor)
	}
	if a.doubles > 0 {
		t.Errorf("%d times two applied at once", a.doubles)
	}
	if a.applied == 0 || a.applied+a.refused+a.stopped != g.n {
		t.Errorf("got %d of %d runs applied, %d refused, %d stopped; want one applied at least", a.applied, g.n, a.refused, a.stopped)
	}
	a.least -= g.floor
}

// Package race has several guarded changes of one cluster happen at once, each
// safe alone and all together an outage, in random orders. It reads and decides
// with what holdfast itself uses; terraform is a stand-in, in this process.
package race

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

var (
	interleavings = flag.Int("interleavings", 8, "random interleavings to play")
	seed          = flag.Uint64("seed", 0, "seed of the first interleaving; the default takes the time")
)

func TestMain(m *testing.M) {
	flag.Parse()
	// What the machine's user has set is not about the servers here.
	for name, value := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_CA_BUNDLE": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
	} {
		set := os.Setenv
		if value == "" {
			set = func(name, _ string) error { return os.Unsetenv(name) }
		}
		if err := set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestTogetherTheyNeverEmptyIt is the promise: whatever the order, the members
// that serve never fall below the floor.
func TestTogetherTheyNeverEmptyIt(t *testing.T) {
	first := *seed
	if first == 0 {
		first = uint64(time.Now().UnixNano()) % 1_000_000_000
	}
	t.Logf("-seed %d", first)
	c := newCloud(t)
	var mu sync.Mutex
	var total tally
	t.Run("interleaving", func(t *testing.T) {
		for i := range *interleavings {
			g := draw(first + uint64(i))
			t.Run(fmt.Sprintf("seed=%d", g.seed), func(t *testing.T) {
				t.Parallel()
				result := g.play(t, c)
				result.hold(t, g)
				mu.Lock()
				defer mu.Unlock()
				total.add(result)
				if t.Failed() {
					t.Errorf("play it again with -seed %d -interleavings 1: %s", g.seed, g)
				}
			})
		}
	})
	t.Logf("%s", total)
	if total.games != *interleavings {
		t.Errorf("got %d interleavings played to their end, want %d", total.games, *interleavings)
	}
}

// TestBrokenGuardsAreCaught proves that the promise could be seen to break:
// each guard, taken away alone, lets some interleaving empty the cluster.
func TestBrokenGuardsAreCaught(t *testing.T) {
	const most = 100 // interleavings
	c := newCloud(t)
	for name, broken := range map[string]guard{"the lease": theLease, "the recheck": theRecheck, "what the ledger knows": theLedger, "half of the time for which it counts": theWindow} {
		t.Run("without "+name, func(t *testing.T) {
			for i := range uint64(most) {
				g := draw(i + 1)
				g.n, g.without = 2, broken
				if broken >= theLedger {
					g.lag, g.behind, g.patience = 290*time.Second, 0, time.Hour
				}
				g.fill()
				if r := g.play(t, c); r.least < g.floor {
					t.Logf("interleaving %d: %d members served, the floor is %d", i+1, r.least, g.floor)
					return
				}
			}
			t.Errorf("got no cluster below its floor in %d interleavings without %s", most, name)
		})
	}
}

// A tally is what happened in one interleaving, or in many.
type tally struct {
	games, runs, applied, refused, stopped int
	doubles                                int // applies that began while another was on its way
	least                                  int // members that served at the worst moment, above the floor where summed up
	slowest                                time.Duration
	problems                               []string
}

func (a *tally) add(b tally) {
	if a.games == 0 || b.least < a.least {
		a.least = b.least
	}
	a.games++
	a.runs += b.runs
	a.applied += b.applied
	a.refused += b.refused
	a.stopped += b.stopped
	a.doubles += b.doubles
	a.slowest = max(a.slowest, b.slowest)
}

func (a tally) String() string {
	return fmt.Sprintf("%d interleavings, %d runs: %d applied, %d refused, %d stopped; double holds %d; fewest members above the floor %d; slowest interleaving %s",
		a.games, a.runs, a.applied, a.refused, a.stopped, a.doubles, a.least, a.slowest.Round(time.Millisecond))
}

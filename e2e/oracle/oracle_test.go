// Package oracle tests the survivor arithmetic against the dumbest model there
// is: one that plays a plan out, step by step, in every order and with every
// choice AWS may make, and counts who serves. It shares no code with the
// projection, plays small worlds completely and samples larger ones:
//
//	go test ./e2e/oracle -run Soundness -v -worlds 1000000
//	go test ./e2e/oracle -run EverySmallWorld -v -members 5
package oracle

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
)

var (
	worlds  = flag.Int("worlds", 5_000, "how many worlds TestSoundness samples")
	members = flag.Int("members", 3, "the most members of TestEverySmallWorld")
	seed    = flag.Uint64("seed", 0, "seed of TestSoundness; 0 takes a fresh one")
)

// tally counts what a run found.
type tally struct {
	worlds, allows, blocks, unsafe int
	moving                         int            // blocked at a floor that holds because something moves: meant
	needless                       map[string]int // blocked though nothing moves and every future holds, by code
}

// judge compares the gate with every future of a scene at the floors that
// matter: the fewest that can serve, and one more; the fewest zones, and one
// more.
func (n *tally) judge(t *testing.T, s scene) {
	t.Helper()
	future := play(s)
	n.worlds++
	for _, broken := range []gate.Role{{SurvivorFloor: future.fewest + 1}, {ZoneFloor: future.zones + 1}} {
		if v := gate.Evaluate(input(s, broken), checks.Suite()); v.Decision == gate.Block {
			n.blocks++
		} else if n.allows++; future.takes {
			n.unsafe++
			t.Fatalf("UNSAFE: a future of %+v leaves %d serving in %d zones, and the gate, asked for %+v, decided %s", s, future.fewest, future.zones, broken, v.Decision)
		}
	}
	for _, kept := range []gate.Role{{SurvivorFloor: future.fewest}, {ZoneFloor: future.zones}} {
		v := gate.Evaluate(input(s, kept), checks.Suite())
		switch {
		case v.Decision != gate.Block:
			n.allows++
		case !s.resting():
			n.blocks++
			n.moving++
		default:
			n.blocks++
			n.needless[v.Findings[0].Code]++
		}
	}
}

func (n *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d worlds: %d allows, %d blocks, %d unsafe allows; %d blocks because something moves", n.worlds, n.allows, n.blocks, n.unsafe, n.moving)
	if len(n.needless) == 0 {
		b.WriteString("; no needless block")
	}
	for _, code := range slices.Sorted(maps.Keys(n.needless)) {
		fmt.Fprintf(&b, "; needless by %s: %d (%.3f %% of decisions)", code, n.needless[code], 100*float64(n.needless[code])/float64(n.allows+n.blocks))
	}
	return b.String()
}

// TestEverySmallWorld plays every world of up to -members members.
func TestEverySmallWorld(t *testing.T) {
	n := tally{needless: map[string]int{}}
	for size := 1; size <= *members; size++ {
		enumerate(size, func(s scene) { n.judge(t, s) })
	}
	t.Log(n.String())
	if len(n.needless) > 0 {
		t.Errorf("needless blocks: %v", n.needless)
	}
}

// TestSoundness samples larger worlds, with a fresh seed each time.
func TestSoundness(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 2018))
	n := tally{needless: map[string]int{}}
	for range *worlds {
		n.judge(t, draw(random))
	}
	t.Log(n.String())
	if len(n.needless) > 0 {
		t.Errorf("needless blocks: %v", n.needless)
	}
}

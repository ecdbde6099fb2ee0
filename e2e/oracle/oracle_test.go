// Package oracle tests the survivor arithmetic against the dumbest model there
// is: one that plays a plan out, step by step, in every order and with every
// choice AWS may make, and counts who serves. It shares no code with the
// projection, plays small worlds completely and samples larger ones:
//
//	go test ./e2e/oracle -run Soundness -v -worlds 1000000
//	go test ./e2e/oracle -run EverySmallWorld -v -members 5 -timeout 0
package oracle

import (
	"cmp"
	"flag"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
)

var (
	worlds  = flag.Int("worlds", 5_000, "how many worlds TestSoundness samples")
	members = flag.Int("members", 2, "the most members of TestEverySmallWorld")
	zoned   = flag.Int("zoned", 2, "the most members that TestEverySmallWorld spreads over zones in every way")
	seed    = flag.Uint64("seed", 0, "seed of TestSoundness; 0 takes a fresh one")
)

// tally counts what a run found.
type tally struct {
	worlds, allows, blocks, unsafe int
	moving                         int            // blocked though every future holds, because something moves: meant
	rough                          int            // blocked though every future holds, where the gate counts members that weigh differently: a little too many
	needless                       map[string]int // blocked though nothing moves and every future holds, by code
	example                        string         // of an unsafe allow
}

// judge compares the gate with every future of a scene at the floors that
// matter: the fewest that can serve, and one more; the fewest zones, and one
// more. A floor that a future breaks must block, each by itself; floors that
// all futures keep must allow, together. Where the plan takes nobody that
// serves or may, no floor stands in its way.
func (n *tally) judge(t *theatre, s scene) {
	t.play(s)
	n.worlds++
	in := input(s)
	kept := gate.Role{SurvivorFloor: t.fewest, ZoneFloor: t.zones}
	n.mayBlock(s, evaluate(in, kept))
	if !t.takes {
		n.mayBlock(s, evaluate(in, gate.Role{SurvivorFloor: t.fewest + 1, ZoneFloor: t.zones + 1}))
		return
	}
	for _, broken := range []gate.Role{{SurvivorFloor: t.fewest + 1}, {ZoneFloor: t.zones + 1}} {
		if v := evaluate(in, broken); v.Decision == gate.Block {
			n.blocks++
		} else {
			n.allows, n.unsafe = n.allows+1, n.unsafe+1
			n.example = fmt.Sprintf("UNSAFE: a future of %+v leaves %d serving in %d zones, and the gate, asked for %+v, decided %s", s, t.fewest, t.zones, broken, v.Decision)
		}
	}
}

// mayBlock notes a verdict on a scene whose every future is good.
func (n *tally) mayBlock(s scene, v gate.Verdict) {
	switch {
	case v.Decision != gate.Block:
		n.allows++
		return
	case !s.resting():
		n.moving++
	case s.rough():
		n.rough++
	default:
		n.needless[v.Findings[0].Code]++
	}
	n.blocks++
}

func evaluate(in gate.Input, role gate.Role) gate.Verdict {
	in.Config = promising(role)
	return gate.Evaluate(in, checks.Suite())
}

func (n *tally) add(m tally) {
	n.worlds, n.allows, n.blocks, n.unsafe, n.moving, n.rough = n.worlds+m.worlds, n.allows+m.allows, n.blocks+m.blocks, n.unsafe+m.unsafe, n.moving+m.moving, n.rough+m.rough
	for code, k := range m.needless {
		n.needless[code] += k
	}
	n.example = cmp.Or(n.example, m.example)
}

func (n *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d worlds: %d allows, %d blocks, %d unsafe allows; %d blocks because something moves", n.worlds, n.allows, n.blocks, n.unsafe, n.moving)
	if n.rough > 0 {
		fmt.Fprintf(&b, "; needless by weights: %d (%.3f %% of decisions)", n.rough, 100*float64(n.rough)/float64(n.allows+n.blocks))
	}
	if len(n.needless) == 0 && n.rough == 0 {
		b.WriteString("; no needless block")
	}
	for _, code := range slices.Sorted(maps.Keys(n.needless)) {
		fmt.Fprintf(&b, "; needless by %s: %d (%.3f %% of decisions)", code, n.needless[code], 100*float64(n.needless[code])/float64(n.allows+n.blocks))
	}
	return b.String()
}

// judgeAll judges scenes on every processor. An unsafe allow ends the test.
func (n *tally) judgeAll(t *testing.T, scenes iter.Seq[scene]) {
	t.Helper()
	const batch = 1000
	batches := make(chan []scene, 2*runtime.GOMAXPROCS(0))
	n.needless = map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var future theatre
			for scenes := range batches {
				part := tally{needless: map[string]int{}}
				for _, s := range scenes {
					part.judge(&future, s)
				}
				mu.Lock()
				n.add(part)
				if n.worlds%(500*batch) == 0 {
					t.Log("so far ", n)
				}
				mu.Unlock()
			}
		})
	}
	var next []scene
	for s := range scenes {
		if next = append(next, s); len(next) == batch {
			batches <- next
			next = nil
		}
	}
	batches <- next
	close(batches)
	wg.Wait()
	t.Log(n)
	if n.unsafe > 0 {
		t.Fatal(n.example)
	}
}

// precise fails for every needless block.
func (n *tally) precise(t *testing.T) {
	t.Helper()
	if len(n.needless) > 0 {
		t.Errorf("needless blocks: %v", n.needless)
	}
}

// TestEverySmallWorld plays every world of up to -members members.
func TestEverySmallWorld(t *testing.T) {
	sizes := make([]tally, *members)
	for i := range sizes {
		t.Logf("every world of %d:", i+1)
		sizes[i].judgeAll(t, enumerate(i+1, i+1 <= *zoned))
	}
	for i := range sizes {
		sizes[i].precise(t)
	}
}

// TestSoundness samples larger worlds, with a fresh seed each time.
func TestSoundness(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 2018))
	var n tally
	n.judgeAll(t, func(yield func(scene) bool) {
		for range *worlds {
			if !yield(draw(random)) {
				return
			}
		}
	})
	n.precise(t)
}

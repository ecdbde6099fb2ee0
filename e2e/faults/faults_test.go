// Package faults tests the way from AWS to the verdict against every fault we
// can make: a proxy between the gate and a simulated AWS breaks, delays, swaps
// and forges single answers, at every call of every scenario. It tests no
// arithmetic (oracle does), and what no single read can see it does not hide:
// that is the table in unseen_test.go.
//
//	go test ./e2e/faults -v                        # a fresh sample, with its seed
//	go test ./e2e/faults -v -full -timeout 90m     # every cell
//	go test ./e2e/faults -v -full -only table      # every cell of some scenarios
//
// It prints, for every scenario and call, the faults by the verdict they ended
// in, and every cell that ended in a more permissive one than without its fault:
// each of those must be one that no reader of the same answers could tell from
// a world in which that verdict is right.
//
// Time in a run is that of testing/synctest, and connections are pipes: the
// collector runs as it ships, with all of its retries, waits and deadlines,
// and no test waits for them.
package faults

import (
	"crypto/tls"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

var (
	full  = flag.Bool("full", false, "run every cell of the matrix, not a sample")
	cells = flag.Int("cells", 120, "how many cells a sample has")
	only  = flag.String("only", "", "run only the scenarios whose name has this in it")
	seed  = flag.Uint64("seed", 0, "seed of the sample; 0 takes a fresh one")
)

// A cell is one fault at one call of one scenario.
type cell struct {
	*scenario
	call  call
	nr    string // "2/3": the second of three calls of that action in the scenario
	fault fault
	mode  mode
	skew  time.Duration // how far the gate's own clock is ahead of AWS's

	secure      bool             // the gate expects TLS
	certificate *tls.Certificate // of the proxy; nil: it does not speak TLS
}

func (c cell) String() string {
	return fmt.Sprintf("%s, %s, %s %s", c.scenario.name, c.title(), c.fault.name, c.mode)
}

func (c cell) title() string { return c.call.title() + " " + c.nr }

// matrix is every cell there is.
func matrix(t *testing.T) []cell {
	var out []cell
	for _, s := range scenarios() {
		if !strings.Contains(s.name, *only) {
			continue
		}
		free := s.open(t)
		if got := free.verdict.Decision; got != s.want {
			t.Fatalf("%s without a fault: got %s, want %s:\n%s", s.name, got, s.want, said(free.verdict))
		}
		total, nth := map[string]int{}, map[string]int{}
		for _, c := range s.calls {
			total[c.title()]++
		}
		for _, c := range s.calls {
			nth[c.title()]++
			nr := fmt.Sprintf("%d/%d", nth[c.title()], total[c.title()])
			for _, f := range faults() {
				if f.fits != nil && !f.fits(c, s.calls) {
					continue
				}
				for _, m := range f.modes() {
					out = append(out, cell{scenario: s, call: c, nr: nr, fault: f, mode: m})
				}
			}
		}
	}
	return out
}

// For every fault at every call of every scenario: the verdict is never more
// permissive than without it, and the gate ends, with a clear sentence, within
// its deadline.
func TestMatrix(t *testing.T) {
	all := matrix(t)
	some := all
	if !*full && *cells < len(all) {
		if *seed == 0 {
			*seed = uint64(time.Now().UnixNano())
		}
		random := rand.New(rand.NewPCG(*seed, 5))
		some = nil
		for _, i := range random.Perm(len(all))[:*cells] {
			some = append(some, all[i])
		}
		t.Logf("seed %d", *seed)
	}
	rows := table{}
	unseen := map[string][]string{}
	for _, c := range some {
		got := c.run(t)
		rows.add(c, got.verdict)
		if got.verdict.Decision < c.want {
			if world := c.alike(t, got); world != "" {
				unseen[world] = append(unseen[world], fmt.Sprintf("%s -> %s", c, got.verdict.Decision))
				continue
			}
		}
		c.judge(t, got)
	}
	t.Logf("%d of %d cells\n%s", len(some), len(all), rows)
	for _, world := range slices.Sorted(maps.Keys(unseen)) {
		t.Logf("%d cells in which every answer is, to the letter, that of a world where the verdict is right (%s):\n  %s", len(unseen[world]), world, strings.Join(unseen[world], "\n  "))
	}
	if *full && len(unseen) == 0 {
		t.Error("no cell was more permissive: if that is so, this test needs no witnesses any more")
	}
}

// judge says what is wrong with the end of one cell.
func (c cell) judge(t *testing.T, got outcome) {
	t.Helper()
	v := got.verdict
	if got.struck == 0 {
		t.Errorf("%s: the call never came, so nothing was tested", c)
	}
	if v.Decision < c.want {
		t.Errorf("%s: MORE PERMISSIVE: got %s, want at least %s", c, v.Decision, c.want)
	}
	if got.took > deadline+time.Millisecond { // see ticking
		t.Errorf("%s: it took %s, and the deadline is %s", c, got.took, deadline)
	}
	if got.calls > 200 {
		t.Errorf("%s: %d requests were sent", c, got.calls)
	}
	again := c.mode == once || c.mode == always && c.call.divisible()
	if c.fault.broken && !blind(v) && (!again || v.Decision != c.want) {
		t.Errorf("%s: got %s, want a finding source.*, or the verdict without the fault where it was asked again:\n%s", c, v.Decision, said(v))
	}
	if c.fault.retried && c.mode == once && (v.Decision != c.want || blind(v)) {
		t.Errorf("%s: got %s, want %s, because a second attempt answers:\n%s", c, v.Decision, c.want, said(v))
	}
	if c.fault.harmless && v.Decision != c.want {
		t.Errorf("%s: got %s, want %s:\n%s", c, v.Decision, c.want, said(v))
	}
	for _, f := range v.Findings {
		if f.Decision == gate.Block {
			c.sentence(t, f)
		}
	}
}

// sentence checks what a user reads of a finding that blocks.
func (c cell) sentence(t *testing.T, f gate.Finding) {
	t.Helper()
	if f.Message == "" || f.Remedy == "" {
		t.Errorf("%s: %s: got message %q, remedy %q, want both", c, f.Code, f.Message, f.Remedy)
	}
	if word := raw(f.Message + f.Remedy); word != "" || len(f.Message) > 600 {
		t.Errorf("%s: %s: got %q, want one clear sentence without %q", c, f.Code, f.Message, word)
	}
}

// raw returns a piece of text that only a programmer understands, if there is
// one.
func raw(text string) string {
	for _, word := range []string{"\n\t", "goroutine ", "panic", "operation error", "https response error", "RequestID", "deserializ", "exceeded maximum number of attempts",
		"context deadline", "dial tcp", "EOF", "malformed", "0x", "UnknownError", "%!", "<html", secret, "StatusCode"} {
		if strings.Contains(text, word) {
			return word
		}
	}
	return ""
}

// blind reports whether the verdict blocks because something was not read.
func blind(v gate.Verdict) bool {
	return slices.ContainsFunc(v.Findings, func(f gate.Finding) bool {
		return f.Decision == gate.Block && strings.HasPrefix(f.Code, "source.")
	})
}

func said(v gate.Verdict) string {
	var b strings.Builder
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "  %s %s: %s\n", f.Decision, f.Code, f.Message)
	}
	return b.String()
}

// table is scenario and call -> verdicts by mode -> faults.
type table map[string]map[string][]string

func (r table) add(c cell, v gate.Verdict) {
	row := fmt.Sprintf("%s (%s) %s", c.scenario.name, c.want, c.title())
	if r[row] == nil {
		r[row] = map[string][]string{}
	}
	verdict := v.Decision.String()
	if blind(v) {
		verdict += ", blind"
	}
	name := c.fault.name
	if c.mode != once {
		name += " " + string(c.mode)
	}
	r[row][verdict] = append(r[row][verdict], name)
}

func (r table) String() string {
	var b strings.Builder
	for _, row := range slices.Sorted(maps.Keys(r)) {
		fmt.Fprintln(&b, row)
		for _, verdict := range slices.Sorted(maps.Keys(r[row])) {
			slices.Sort(r[row][verdict])
			fmt.Fprintf(&b, "  -> %s: %s\n", verdict, strings.Join(r[row][verdict], ", "))
		}
	}
	return b.String()
}

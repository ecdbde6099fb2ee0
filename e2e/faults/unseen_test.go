package faults

import (
	"bytes"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// alike names a world that would have given every one of the answers of a run,
// to the letter, and in which the verdict is the right one; empty if there is
// none. Where there is one, no reader could know better, however it reads: what
// it was told is what it would be told if that world were the true one. A cell
// may be more permissive than the run without its fault only then.
//
// What narrows such a cell is not another look at the same answers but time,
// and what others know: the plan is proved again on a fresh snapshot under the
// lease, right before it is applied (TestRecheck); members are watched while it
// is applied; what Terraform's own refresh saw is drift in the plan, which no
// stale read takes back ("count, dying, refreshed"); and what holdfast itself
// has ended is in its ledger.
//
// Three faults are not in the matrix, and have such a world always. A next
// token that is dropped makes a page the last one. Pages whose order is changed,
// of things that nothing else names, are two answers of which one is lost. And
// an empty answer of another region about tags that nobody else carries is an
// empty answer; the region is part of the signature of each request, so that
// only who stands in the middle of a plain-text endpoint can make these three.
func (c cell) alike(t *testing.T, got outcome) string {
	t.Helper()
	if explains(c.past, got.given) {
		return "nothing has happened yet"
	}
	for why, build := range c.others {
		if explains(build(), got.given) {
			return why
		}
	}
	return ""
}

// explains reports whether a world gives these answers to these requests.
func explains(w *awssim.World, all []given) bool {
	for _, g := range all {
		a := g.ask(w, "")
		if a.status != g.answer.status || !bytes.Equal(unnumbered(a.body), unnumbered(g.answer.body)) {
			return false
		}
	}
	return len(all) > 0
}

var number = regexp.MustCompile(`<(requestId|RequestId|RequestID)>[^<]*<`)

// unnumbered is an answer without the number of its request.
func unnumbered(body []byte) []byte { return number.ReplaceAll(body, nil) }

// Reads that are behind catch up within minutes. A plan that a stale picture
// let through is judged again before it is applied, and then as one that
// nothing ever hid.
func TestRecheck(t *testing.T) {
	for _, name := range []string{"parakeet group", "count, dying", "target group", "impaired", "activity open", "refresh open"} {
		all := scenarios()
		s := all[slices.IndexFunc(all, func(s *scenario) bool { return s.name == name })]
		s.build(t)
		s.world = awssim.New(noon)
		s.before(s.world)
		s.world.SetLag("", minutes)
		s.world.Advance(time.Second)
		s.acts(s.world)
		first := cell{scenario: s}.run(t).verdict.Decision
		if first == gate.Block {
			t.Errorf("%s: got %s while every read is behind, want it allowed: nothing is tested", name, first)
		}
		s.world.Advance(minutes)
		got := cell{scenario: s}.run(t).verdict
		s.world.SetLag("", 0)
		want := cell{scenario: s}.run(t).verdict
		if got.Decision < gate.Block || got.Decision < want.Decision {
			t.Errorf("%s, %s later: got %s, want block:\n%s", name, minutes, got.Decision, said(got))
		}
	}
}

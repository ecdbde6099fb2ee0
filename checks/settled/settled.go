// Package settled holds the check that nothing moves in a cluster that the
// plan touches. It does not count who is left: the floors do.
package settled

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "settled", Needs: gate.Live(), Run: run, Doc: `a cluster must be at rest before it is changed

A member that is arriving, leaving or changing makes every count of members a
guess: Terraform sees a member that is shutting down as existing, and a group
counts members that EC2 is already ending. Pass by waiting: holdfast --wait 10m
does it for you. A member that is broken but at rest is a warning: it does not
count, and must not stand in the way of its own repair. AWS may go on showing
for five minutes whom a change of our own has ended: they count as leaving, and
if they run on after that, a warning says so.`}
}

func run(p *gate.Pass) error {
	v := p.Cluster
	unended(p)
	if !v.Touched() {
		resting(p)
		return nil
	}
	moving(p)
	failed(p)
	pending(p)
	for _, g := range v.Groups {
		group(p, g)
	}
	return nil
}

// resting warns of movement in a cluster that the plan records and leaves
// alone: this plan disturbs nobody, but it may be applied later.
func resting(p *gate.Pass) {
	ids := movers(p)
	if len(ids) > 0 && len(p.Cluster.Recorded) > 0 {
		p.Report(gate.Finding{Code: "settled.moving", Decision: gate.Warn, Subjects: ids,
			Message: fmt.Sprintf("%s is moving, though the plan leaves it alone: %s", p.Cluster.Cluster.Name, said(p, ids)), Remedy: "wait before you plan a change of it"})
	}
}

// unended warns of members that a change of our own was to end and that run on
// after its time: they count again, and somebody should know.
func unended(p *gate.Pass) {
	var ids, raws []string
	for _, m := range p.Cluster.Members {
		if o, late := m.Unended(); late {
			ids = append(ids, m.ID)
			raws = append(raws, fmt.Sprintf("%s (%s, %s ago)", m.ID, o.Raw, p.Now.Sub(o.Since).Round(time.Second)))
		}
	}
	if len(ids) > 0 {
		p.Report(gate.Finding{Code: "settled.unended", Decision: gate.Warn, Subjects: ids,
			Message: fmt.Sprintf("%s has %d of its %s running on after their end by a change of our own: %s", p.Cluster.Cluster.Name, len(ids), gate.Count(len(p.Cluster.Members), "member"), strings.Join(raws, ", ")),
			Remedy:  "look what became of that change (holdfast record list), and plan again if they should still go"})
	}
}

func movers(p *gate.Pass) []string {
	var ids []string
	for _, m := range p.Cluster.Members {
		// An absent member is the drifted check's, and one whose end or reboot is
		// only scheduled the sick check's: nothing shows them moving.
		if m.Phase.Transitional() && !m.Benign() && !m.Absent && !m.Awaits() {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func moving(p *gate.Pass) {
	ids := movers(p)
	if len(ids) == 0 {
		return
	}
	var evidence []gate.Evidence
	for _, m := range p.Cluster.Members {
		if slices.Contains(ids, m.ID) {
			evidence = append(evidence, m.Evidence())
		}
	}
	p.Report(gate.Finding{Code: "settled.transitional", Decision: gate.Block, Subjects: ids, Evidence: evidence,
		Message: fmt.Sprintf("%s is moving, %d of its %s: %s", p.Cluster.Cluster.Name, len(ids), gate.Count(len(p.Cluster.Members), "member"), said(p, ids)),
		Remedy:  "wait until they have settled (--wait 10m), then plan again"})
}

// said counts members by the word their source has for what they do.
func said(p *gate.Pass, ids []string) string {
	byWord := map[string][]string{}
	var words []string
	for _, m := range p.Cluster.Members {
		if slices.Contains(ids, m.ID) {
			w := m.Word()
			if byWord[w] == nil {
				words = append(words, w)
			}
			byWord[w] = append(byWord[w], m.ID+since(p.Now, m.Since))
		}
	}
	slices.Sort(words)
	for i, w := range words {
		words[i] = fmt.Sprintf("%d %s (%s)", len(byWord[w]), w, strings.Join(byWord[w], ", "))
	}
	return strings.Join(words, ", ")
}

func since(now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " for " + now.Sub(t).Round(time.Second).String()
}

func failed(p *gate.Pass) {
	var ids []string
	for _, m := range p.Cluster.Members {
		if m.Phase == gate.Failed && !m.Named {
			ids = append(ids, m.ID)
		}
	}
	if len(ids) > 0 {
		p.Report(gate.Finding{Code: "settled.failed", Decision: gate.Warn, Subjects: ids,
			Message: fmt.Sprintf("%s has %d of its %s broken, and broken members do not count: %s", p.Cluster.Cluster.Name, len(ids), gate.Count(len(p.Cluster.Members), "member"), said(p, ids)), Remedy: "replace them"})
	}
}

// pending warns of a suspension that holds a plan's effect back until it is
// lifted.
func pending(p *gate.Pass) {
	for _, e := range p.Cluster.Effects {
		if e.Pending > 0 {
			p.Report(gate.Finding{Code: "settled.pending", Decision: gate.Warn, Subjects: []string{e.Address},
				Message: fmt.Sprintf("group %s of %s has Terminate suspended: the plan ends nobody now, and %s when it is resumed", e.Group, p.Cluster.Cluster.Name, gate.Count(e.Pending, "unit")),
				Remedy:  "resume it only when the cluster can lose them"})
		}
	}
}

// group judges what a group itself is doing: an operation that is still open,
// one that ended too recently, a count that is not the desired one.
func group(p *gate.Pass, g gate.Group) {
	for _, o := range g.Operations {
		switch {
		case o.Phase.Transitional():
			p.Report(gate.Finding{Code: "settled.operation", Decision: gate.Block, Subjects: []string{g.Name, o.ID},
				Message: fmt.Sprintf("group %s of %s is still busy: %s %s%s", g.Name, p.Cluster.Cluster.Name, o.Kind, o.Raw, since(p.Now, o.Start)),
				Remedy:  "wait until it has ended (--wait 10m), then plan again"})
		case !o.End.IsZero() && p.Now.Sub(o.End) < p.Cluster.Cluster.Settle:
			p.Report(gate.Finding{Code: "settled.recent", Decision: gate.Block, Subjects: []string{g.Name, o.ID},
				Message: fmt.Sprintf("group %s of %s ended its last %s %s ago, it needs %s of quiet", g.Name, p.Cluster.Cluster.Name, o.Kind, p.Now.Sub(o.End).Round(time.Second), p.Cluster.Cluster.Settle),
				Remedy:  "wait (--wait 10m), then plan again"})
		}
	}
	if counted, widest := counts(p, g); !g.Absent && (counted < g.Desired || counted-widest >= g.Desired) {
		p.Report(gate.Finding{Code: "settled.capacity", Decision: gate.Block, Subjects: []string{g.Name},
			Message: fmt.Sprintf("group %s of %s counts %d and wants %d, so it is about to move", g.Name, p.Cluster.Cluster.Name, counted, g.Desired),
			Remedy:  "wait until it has what it wants (--wait 10m), then plan again"})
	}
}

// counts is the capacity a group counts, and the widest unit it overshoots by:
// with weights a group may hold up to one member more than it wants.
func counts(p *gate.Pass, g gate.Group) (counted, widest int) {
	widest = 1
	for _, m := range p.Cluster.Members {
		if m.Group == g.Name && m.Region == g.Region && m.Counted {
			counted += m.Units()
			widest = max(widest, m.Units())
		}
	}
	return counted, widest
}

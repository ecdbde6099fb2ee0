package awssim

import (
	"slices"
	"time"
)

// refresh is one instance refresh of a group.
type refresh struct {
	id, status, reason string
	start, end         time.Time
	minHealthy         int
	skipMatching       bool
	protected          string   // what to do with protected members: "Refresh", "Ignore", "Wait"
	todo               []string // members still to be replaced
	total              int
}

func (r *refresh) open() bool {
	return r.status == "Pending" || r.status == "InProgress" || r.status == "Cancelling"
}

func (g *group) refreshing() *refresh {
	if len(g.refreshes) > 0 && g.refreshes[0].open() {
		return g.refreshes[0]
	}
	return nil
}

// refreshOn takes an instance refresh one batch further, if nothing it began
// is still under way.
func (w *World) refreshOn(g *group) {
	f := g.refreshing()
	if f == nil || f.status == "Cancelling" {
		return
	}
	f.status = "InProgress"
	if !w.calm(g) {
		return
	}
	f.todo = slices.DeleteFunc(f.todo, func(id string) bool {
		m := g.member(id)
		return m == nil || m.lifecycle != inService || m.protected && f.protected == "Ignore"
	})
	if len(f.todo) == 0 {
		f.status, f.end = "Successful", w.clock.now
		return
	}
	batch := max(1, g.desired-g.desired*f.minHealthy/100)
	for _, id := range slices.Clone(f.todo[:min(batch, len(f.todo))]) {
		m := g.member(id)
		if m.protected && f.protected == "Wait" {
			continue
		}
		w.endMember(g, m, w.cause("an instance was taken out of service in response to an instance refresh."))
	}
	w.reactLater(g)
}

// calm reports whether all members of a group have been in service for the
// warm-up time.
func (w *World) calm(g *group) bool {
	for _, m := range g.members {
		if m.lifecycle == standby {
			continue
		}
		if m.lifecycle != inService || w.clock.now.Before(m.since.Add(w.timing.Warmup)) {
			return false
		}
	}
	return g.units() >= g.desired
}

func (w *World) cancelRefresh(g *group, f *refresh) {
	f.status = "Cancelling"
	w.after(w.timing.React, func() {
		if f.status == "Cancelling" {
			f.status, f.end = "Cancelled", w.clock.now
		}
	})
}

package awssim

import (
	"slices"
	"time"
)

// activity is one thing a group does, as DescribeScalingActivities lists it.
type activity struct {
	id, description, cause string
	status                 string
	progress               int
	start, end             time.Time // end is zero while it goes on
}

func (w *World) begin(g *group, description, cause string, progress int) *activity {
	a := &activity{
		id: w.uuid("activity"), description: description, cause: cause,
		status: "InProgress", progress: progress, start: w.clock.now,
	}
	g.activities = slices.Insert(g.activities, 0, a)
	return a
}

func (a *activity) set(status string, progress int) { a.status, a.progress = status, progress }

func (w *World) finish(a *activity, status string) {
	if a != nil && a.end.IsZero() {
		a.set(status, 100)
		a.end = w.clock.now
	}
}

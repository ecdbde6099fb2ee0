package stage

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// A Moment is who was there at one time, oldest first.
type Moment struct {
	At      time.Time
	Members []awssim.Instance
}

// Serving is how many members were in service at the moment.
func (m Moment) Serving() int {
	n := 0
	for _, i := range m.Members {
		if i.InService {
			n++
		}
	}
	return n
}

// A History is every Moment at which a member changed.
type History struct {
	world   *awssim.World
	mu      sync.Mutex
	moments []Moment
}

// Watch writes down from now on how the members of the stage's World change.
// It is called before anything runs on the stage.
func (s *Stage) Watch() *History {
	h := &History{world: s.World}
	s.front.seen = h.Look
	h.Look()
	return h
}

// Moments returns what was written down.
func (h *History) Moments() []Moment {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.moments)
}

// At returns what was last written down at or before t.
func (h *History) At(t time.Time) Moment {
	var last Moment
	for _, m := range h.Moments() {
		if !m.At.After(t) {
			last = m
		}
	}
	return last
}

// Look writes down the present, if it differs. The stage does so after each
// request; whoever moves the clock does it himself.
func (h *History) Look() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := Now(h.world)
	if n := len(h.moments); n > 0 && slices.EqualFunc(h.moments[n-1].Members, now.Members, same) {
		return
	}
	h.moments = append(h.moments, now)
}

func same(a, b awssim.Instance) bool {
	return a.ID == b.ID && a.State == b.State && a.Lifecycle == b.Lifecycle && a.InService == b.InService
}

// Now is the present Moment of a World.
func Now(w *awssim.World) Moment {
	m := Moment{At: w.Now(), Members: w.Instances(Region)}
	slices.SortStableFunc(m.Members, func(a, b awssim.Instance) int {
		return cmp.Or(a.Launched.Compare(b.Launched), cmp.Compare(a.ID, b.ID))
	})
	return m
}

package demo

import (
	"slices"
	"sync"
	"time"

	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// A moment is what was at stake at one time, in the words and signs of its story.
type moment struct {
	at    time.Time
	state string
}

// A history is every moment at which something visible changed in one world.
type history struct {
	world   *awssim.World
	state   func(*awssim.World) string
	mu      sync.Mutex
	moments []moment
}

// look writes down the present, if it differs. The stage has it done after each
// request; whoever moves the clock does it himself.
func (h *history) look() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := moment{h.world.Now(), h.state(h.world)}
	if n := len(h.moments); n > 0 && h.moments[n-1].state == now.state {
		return
	}
	h.moments = append(h.moments, now)
}

// all returns what was written down, in order.
func (h *history) all() []moment {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.moments)
}

// at returns what was last written down at or before t.
func (h *history) at(t time.Time) moment {
	var last moment
	for _, m := range h.all() {
		if !m.at.After(t) {
			last = m
		}
	}
	return last
}

package awssim

import "time"

// lag keeps what the World looked like, for services whose reads are behind.
type lag struct {
	by      map[string]time.Duration // per service
	longest time.Duration
	frames  []frame // by time
}

// frame is the regions as they were from a time on.
type frame struct {
	at      time.Time
	regions map[string]*region
}

// SetLag lets what a service ("ec2", "autoscaling", "elasticloadbalancing")
// shows in its reads be d behind what is true, for changes from now on. An
// empty service means all of them, zero means at once.
func (w *World) SetLag(service string, d time.Duration) {
	defer w.enter()()
	if w.lag.by == nil {
		w.lag.by = map[string]time.Duration{}
	}
	for name := range w.services {
		if service == "" || service == name {
			w.lag.by[name] = d
		}
	}
	w.lag.longest = 0
	for _, d := range w.lag.by {
		w.lag.longest = max(w.lag.longest, d)
	}
	w.written()
}

// written keeps a frame after a change, if anything will ever look at it.
func (w *World) written() {
	l := &w.lag
	if l.longest == 0 {
		l.frames = nil
		return
	}
	now := w.clock.now
	copied := make(map[string]*region, len(w.regions))
	for name, r := range w.regions {
		copied[name] = r.clone()
	}
	if n := len(l.frames); n > 0 && l.frames[n-1].at.Equal(now) {
		l.frames[n-1].regions = copied
	} else {
		l.frames = append(l.frames, frame{now, copied})
	}
	for len(l.frames) > 1 && !l.frames[1].at.After(now.Add(-l.longest)) {
		l.frames = l.frames[1:]
	}
}

// seen returns what a service shows of a region now, and the time that is of.
func (w *World) seen(service string, live *region) (*region, time.Time) {
	behind := w.lag.by[service]
	if behind == 0 {
		return live, w.clock.now
	}
	at := w.clock.now.Add(-behind)
	// Before the first frame nothing was kept: the oldest stands in for it.
	seen := w.lag.frames[0].regions[live.name]
	for _, f := range w.lag.frames {
		if !f.at.After(at) {
			seen = f.regions[live.name]
		}
	}
	if seen == nil {
		seen = w.newRegion(live.name)
	}
	return seen, at
}

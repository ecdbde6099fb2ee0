package awssim

import (
	"slices"
	"time"
)

// clock is the World's own time and what is due to happen in it.
type clock struct {
	now    time.Time
	events []event // by time, and by order of scheduling within one instant
	speed  float64 // seconds of the World per real second; zero: only Advance moves it
	real   time.Time
}

type event struct {
	at time.Time
	do func()
}

// Now returns the time in the World.
func (w *World) Now() time.Time {
	defer w.enter()()
	return w.clock.now
}

// Advance moves the clock by d and lets everything that is due happen, in
// order, each thing at its own time.
func (w *World) Advance(d time.Duration) {
	defer w.enter()()
	w.advanceTo(w.clock.now.Add(d))
}

// Run lets the clock follow real time from now on, speed seconds to the
// second. It is for programs that wait in real time, such as Terraform.
// Nothing runs in the background: the clock catches up whenever the World is
// looked at. Run(0) leaves the clock to Advance again.
func (w *World) Run(speed float64) {
	defer w.enter()()
	w.clock.speed, w.clock.real = speed, time.Now()
}

// follow moves a running clock to where real time has got, and lets happen
// what is due now in any case.
func (w *World) follow() {
	c := &w.clock
	w.advanceTo(c.now)
	if c.speed == 0 {
		return
	}
	real := time.Now()
	passed := time.Duration(float64(real.Sub(c.real)) * c.speed).Truncate(time.Millisecond)
	if passed <= 0 {
		return
	}
	c.real = real
	w.advanceTo(c.now.Add(passed))
}

func (w *World) advanceTo(t time.Time) {
	c := &w.clock
	for len(c.events) > 0 && !c.events[0].at.After(t) {
		e := c.events[0]
		c.events = c.events[1:]
		if e.at.After(c.now) {
			c.now = e.at
		}
		e.do()
		w.written()
	}
	c.now = t
}

// after lets do happen when d has passed.
func (w *World) after(d time.Duration, do func()) {
	c := &w.clock
	at := c.now.Add(max(0, d))
	i, _ := slices.BinarySearchFunc(c.events, at, func(e event, at time.Time) int {
		if e.at.After(at) {
			return 1
		}
		return -1 // so that equal times keep the order of scheduling
	})
	c.events = slices.Insert(c.events, i, event{at, do})
}

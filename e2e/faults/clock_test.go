package faults

import (
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// The SDK makes up for a clock that is wrong, so that AWS answers all the same.
// The verdict must not become more permissive by it, whichever way it is off.
func TestClock(t *testing.T) {
	for _, s := range scenarios() {
		s.build(t)
		for _, skew := range []time.Duration{-72 * time.Hour, -7 * time.Hour, -10 * time.Minute, 10 * time.Minute, 7 * time.Hour, 72 * time.Hour} {
			c := cell{scenario: s, skew: skew}
			got := c.run(t).verdict
			if got.Decision < s.want {
				t.Errorf("%s, with a clock that is off by %s: MORE PERMISSIVE: got %s, want at least %s", s.name, skew, got.Decision, s.want)
			}
			for _, f := range got.Findings {
				if f.Decision == gate.Block {
					c.sentence(t, f)
				}
			}
		}
	}
}

package awssim

import (
	"slices"
	"time"
)

// The transitions a lifecycle hook can stand at.
const (
	launching       = "autoscaling:EC2_INSTANCE_LAUNCHING"
	terminatingHook = "autoscaling:EC2_INSTANCE_TERMINATING"
)

// hook holds members up at a transition until somebody completes it or its
// time is over.
type hook struct {
	name, transition, result string
	timeout                  time.Duration
	metadata, target, role   string
}

func (g *group) hook(transition string) (hook, bool) {
	i := slices.IndexFunc(g.hooks, func(h hook) bool { return h.transition == transition })
	if i < 0 {
		return hook{}, false
	}
	return g.hooks[i], true
}

// waitHook lets then happen when the hook's time is over, or when
// CompleteLifecycleAction says so.
func (w *World) waitHook(m *member, h hook, then func()) {
	in, since := m.lifecycle, m.since
	m.proceed = func() {
		if m.lifecycle == in && m.since.Equal(since) {
			then()
		}
	}
	w.after(h.timeout, m.proceed)
}

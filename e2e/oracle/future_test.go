package oracle

import "slices"

// state is what a member of the naive model is doing.
type state byte

const (
	serving state = iota
	protected
	stopped
	arriving
	leaving
	failed
	gone
	states // how many there are
)

// counted reports whether its group believes it has such a member. The group
// has not noticed members that EC2 is ending, nor broken ones.
func (s state) counted() bool { return s != gone && s != stopped }

// act is what the plan does to one instance.
type act byte

const (
	nothing act = iota
	remove
	replace
	restart
	retag
	acts // how many there are
)

// grip is what the plan does to the group.
type grip struct {
	kind    byte // 'n' nothing, 'd' desired, 'm' max, 'x' delete, 'r' refresh
	n       int  // the new size, or the healthy percentage of the refresh
	surge   bool // the refresh launches before it terminates
	percent int
}

// instance is a member of the model: in a group, or with an act of its own.
type instance struct {
	state   state
	grouped bool
	act     act
}

// scene is one small world and one plan.
type scene struct {
	members []instance
	grip    grip
}

// play tries every future and returns the fewest members that ever serve, and
// whether any step of the plan takes a serving member. It knows nothing of
// projections: it moves members one at a time, in every order, and lets AWS
// choose everything.
func play(s scene) (fewest int, takes bool) {
	w := &theatre{seen: map[string]bool{}}
	start := stage{up: make([]byte, len(s.members))}
	for i, m := range s.members {
		if m.state == serving || m.state == protected {
			start.up[i] = 1
		}
	}
	w.fewest = sum(start.up)
	w.run(s, start)
	return w.fewest, w.takes
}

// stage is one instant: who serves, who was taken, which steps have been done.
type stage struct {
	up      []byte // 1 serves, 0 does not
	done    uint16 // instances whose act is over
	out     uint16 // instances that a restart has out right now
	resized bool
	kills   int  // units the group still has to end
	noticed bool // the group has noticed its dead
	rolled  uint16
	rolling uint16 // instances that the refresh has out right now
}

func (g stage) key() string {
	b := append([]byte{}, g.up...)
	b = append(b, byte(g.done), byte(g.done>>8), byte(g.out), byte(g.kills), byte(g.rolled), byte(g.rolling))
	if g.resized {
		b = append(b, 'r')
	}
	if g.noticed {
		b = append(b, 'n')
	}
	return string(b)
}

func (g stage) with(f func(*stage)) stage {
	g.up = slices.Clone(g.up)
	f(&g)
	return g
}

type theatre struct {
	seen   map[string]bool
	fewest int
	takes  bool
}

func sum(b []byte) int {
	n := 0
	for _, v := range b {
		n += int(v)
	}
	return n
}

func (w *theatre) run(s scene, g stage) {
	k := g.key()
	if w.seen[k] {
		return
	}
	w.seen[k] = true
	w.fewest = min(w.fewest, sum(g.up))
	for i, m := range s.members {
		bit := uint16(1) << i
		if !m.grouped && g.done&bit == 0 {
			w.act(s, g, i, m, bit)
		}
		if g.out&bit != 0 { // a restart comes to its end, sometime
			w.run(s, g.with(func(n *stage) { n.out &^= bit; n.done |= bit; n.up[i] = 1 }))
		}
	}
	w.group(s, g)
}

// act begins what the plan does to one instance.
func (w *theatre) act(s scene, g stage, i int, m instance, bit uint16) {
	switch m.act {
	case remove, replace:
		// The new one of a replacement may never come.
		w.takes = w.takes || g.up[i] == 1
		w.run(s, g.with(func(n *stage) { n.up[i] = 0; n.done |= bit }))
	case restart:
		if g.out&bit == 0 && g.up[i] == 1 {
			w.takes = true
			w.run(s, g.with(func(n *stage) { n.up[i] = 0; n.out |= bit }))
		}
	}
}

// group moves the group one step: the resize of the plan, a victim of its
// choice, a batch of the refresh.
func (w *theatre) group(s scene, g stage) {
	size := 0
	for _, m := range s.members {
		if m.grouped && m.state.counted() {
			size++
		}
	}
	switch s.grip.kind {
	case 'x':
		if !g.resized {
			w.run(s, g.with(func(n *stage) {
				n.resized = true
				for i, m := range s.members {
					if m.grouped {
						w.takes = w.takes || n.up[i] == 1
						n.up[i] = 0
					}
				}
			}))
		}
	case 'd', 'm':
		if !g.resized {
			// Whether it has noticed its dead or not, it has as many as it
			// wants: ghosts, or replacements that are on their way.
			target := s.grip.n
			if s.grip.kind == 'm' {
				target = min(size, s.grip.n)
			}
			w.run(s, g.with(func(n *stage) { n.resized, n.kills = true, max(0, size-target) }))
			return
		}
		if g.kills == 0 {
			return
		}
		for i, m := range s.members {
			if m.grouped && g.up[i] == 1 && m.state != protected {
				w.takes = true
				w.run(s, g.with(func(n *stage) { n.up[i] = 0; n.kills-- }))
			}
		}
		// Or it chooses one that does not serve.
		w.run(s, g.with(func(n *stage) { n.kills-- }))
	case 'r':
		w.refresh(s, g, size)
	}
}

// refresh takes members out while the healthy percentage of the size holds,
// at least one at a time, and goes on when their successors serve.
func (w *theatre) refresh(s scene, g stage, size int) {
	if s.grip.surge {
		return // its successors serve before anybody goes
	}
	batch := max(1, size-size*s.grip.percent/100)
	if s.grip.percent == 0 {
		batch = size
	}
	busy := 0
	for i := range s.members {
		if g.rolling&(1<<i) != 0 {
			busy++
		}
	}
	for i, m := range s.members {
		bit := uint16(1) << i
		if m.grouped && g.up[i] == 1 && g.rolled&bit == 0 && busy < batch {
			w.takes = true
			w.run(s, g.with(func(n *stage) { n.up[i] = 0; n.rolling |= bit; n.rolled |= bit }))
		}
		if g.rolling&bit != 0 {
			w.run(s, g.with(func(n *stage) { n.up[i] = 1; n.rolling &^= bit }))
		}
	}
}

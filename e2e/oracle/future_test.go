package oracle

import "math"

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
	unread // nobody knows whether it serves: it counts for nobody, and taking it takes something
	states // how many there are
)

// counted reports whether its group believes it has such a member: one that
// EC2 is ending, and one that is broken, until it notices.
func (s state) counted() bool { return s != gone && s != stopped }

// ghost reports whether the group would drop the member if it looked.
func (s state) ghost() bool { return s == leaving || s == failed }

// act is what the plan does to one instance.
type act byte

const (
	nothing act = iota
	remove
	replace
	restart
	retag
	acts // how many an enumeration tries; the others are only drawn

	halt      // a resource of its own stops it
	undisk    // its volume is taken off
	drain     // its load balancer lets go of it
	actedUpon // an action of the plan stops it
	allActs
)

// takes reports whether an act ends what a member does, for as long as anybody
// can tell.
func (a act) takes() bool { return a == remove || a == replace || a >= halt }

// grip is what the plan does to a group.
type grip struct {
	kind    byte // 'n' nothing, 'd' desired, 'm' max, 'x' delete, 'r' refresh, 'c' desired and refresh, 'o' off its load balancer, 'z' out of a zone, 'b' out of it and into another
	n       int  // the new size, or the zone; 3 is one that has nobody
	percent int  // the healthy percentage of the refresh
	surge   bool // the refresh launches before it terminates
}

// instance is a member of the model: of group 1 or 2, or of none and then with
// an act of its own.
type instance struct {
	state state
	group int
	act   act
	zone  int
	heavy int // capacity units beyond the first
}

func (m instance) units() int8 { return int8(1 + m.heavy) }

// scene is one small world and one plan.
type scene struct {
	members []instance
	grips   [3]grip // by group; the first is nobody's
}

const most = 8 // members of a scene: as many as a set holds

// set is some of a scene's members, by index.
type set uint8

func (s set) has(i int) bool    { return s&(1<<i) != 0 }
func (s set) with(i int) set    { return s | 1<<i }
func (s set) without(i int) set { return s &^ (1 << i) }

// stage is one instant of a future: who serves, what is done, what the groups
// believe. It is comparable and small, so that an instant is played once.
type stage struct {
	up      set
	counted set // its group counts it
	done    set // its act is over, or the refresh has had it
	out     set // a restart or a refresh has it out now
	resized [3]bool
	wants   [3]int8
	pending [3]int8 // replacements launched and not in service yet
	fresh   [3]int8 // replacements that came into service
}

// theatre plays every future of a scene. It can be used for one after another.
type theatre struct {
	scene  scene
	seen   map[stage]bool
	fewest int  // members serving at the worst instant
	zones  int  // zones they span at its worst instant
	takes  bool // whether a step of the plan takes a serving member
}

// play knows nothing of projections: it moves one thing at a time, in every
// order, and lets AWS choose whom to end, when to notice and whether anybody
// arrives.
func (t *theatre) play(s scene) {
	t.seen = map[stage]bool{}
	t.scene, t.fewest, t.zones, t.takes = s, most, most, false
	var g stage
	for i, m := range s.members {
		if m.state == serving || m.state == protected {
			g.up = g.up.with(i)
		}
		if m.group > 0 && m.state.counted() {
			g.counted = g.counted.with(i)
			g.wants[m.group] += m.units()
		}
	}
	t.run(g)
}

func (t *theatre) run(g stage) {
	if t.seen[g] {
		return
	}
	t.seen[g] = true
	t.count(g)
	for i, m := range t.scene.members {
		t.member(g, i, m)
	}
	for group := 1; group < len(t.scene.grips); group++ {
		t.group(g, group)
	}
}

// count notes how many serve now, and in how many zones. A replacement that
// came into service counts as a member, in a zone nobody knows.
func (t *theatre) count(g stage) {
	n := int(g.fresh[1] + g.fresh[2])
	var zones [3]int
	for i, m := range t.scene.members {
		if g.up.has(i) {
			n++
			zones[m.zone] = 1
		}
	}
	t.fewest, t.zones = min(t.fewest, n), min(t.zones, zones[0]+zones[1]+zones[2])
}

// member moves one member by one step: what the plan does to it, the end of
// that, or its arrival.
func (t *theatre) member(g stage, i int, m instance) {
	if m.state == arriving && !g.up.has(i) && !g.done.has(i) && (m.group == 0 || g.counted.has(i)) {
		n := g
		n.up, n.done = n.up.with(i), n.done.with(i)
		t.run(n)
	}
	if g.out.has(i) && m.group == 0 {
		n := g
		n.out, n.done, n.up = n.out.without(i), n.done.with(i), n.up.with(i)
		t.run(n)
	}
	if m.group > 0 || g.done.has(i) || g.out.has(i) {
		return
	}
	n := g
	switch {
	case m.act.takes(): // a new one may never come
		t.takes = t.takes || g.up.has(i) || m.state == unread
		n.up, n.done = n.up.without(i), n.done.with(i)
		t.run(n)
	case m.act == restart && m.state == unread:
		t.takes = true
	case m.act == restart && g.up.has(i):
		t.takes = true
		n.up, n.out = n.up.without(i), n.out.with(i)
		t.run(n)
	}
}

// group moves one group by one step.
func (t *theatre) group(g stage, group int) {
	grip := t.scene.grips[group]
	if grip.kind != 'n' && !g.resized[group] {
		t.resize(g, group, grip)
	}
	switch wants := int(g.wants[group]); {
	case !g.resized[group]:
	case grip.kind == 'b' && wants > 1: // it moves a tenth at a time to the new zone
		t.refresh(g, group, (wants+9)/10)
	case (grip.kind == 'r' || grip.kind == 'c') && t.lumpy(g, group):
		t.refresh(g, group, math.MaxInt)
	case (grip.kind == 'r' || grip.kind == 'c') && grip.percent == 0:
		t.refresh(g, group, wants)
	case (grip.kind == 'r' || grip.kind == 'c') && !grip.surge:
		t.refresh(g, group, max(1, wants-wants*grip.percent/100))
	}
	has := g.pending[group] + g.fresh[group]
	for i, m := range t.scene.members {
		if m.group == group && g.counted.has(i) {
			has += m.units()
		}
	}
	for i, m := range t.scene.members {
		if m.group == group && g.counted.has(i) && m.state.ghost() { // it notices
			n := g
			n.counted = n.counted.without(i)
			if has-m.units() < g.wants[group] {
				n.pending[group]++
			}
			t.run(n)
		}
	}
	if g.pending[group] > 0 { // a replacement arrives
		n := g
		n.pending[group]--
		n.fresh[group]++
		t.run(n)
	}
	if has > g.wants[group] {
		t.kill(g, group)
	}
}

// resize is the plan's own step: from then on the group wants another number.
func (t *theatre) resize(g stage, group int, grip grip) {
	n := g
	n.resized[group] = true
	switch grip.kind {
	case 'd', 'c':
		n.wants[group] = int8(grip.n)
	case 'm':
		n.wants[group] = min(g.wants[group], int8(grip.n))
	case 'x':
		n.wants[group], n.pending[group] = 0, 0
		fallthrough
	case 'o', 'z', 'b':
		for i, m := range t.scene.members {
			if m.group == group && (grip.kind == 'x' || grip.kind == 'o' || m.zone == grip.n) {
				t.takes = t.takes || g.up.has(i) || m.state == unread
				n.up, n.counted = n.up.without(i), n.counted.without(i)
			}
		}
	}
	t.run(n)
}

// kill ends one member of the group's own choice.
func (t *theatre) kill(g stage, group int) {
	for i, m := range t.scene.members {
		if m.group == group && g.counted.has(i) && m.state != protected {
			n := g
			t.takes = t.takes || g.up.has(i) || m.state == unread
			n.up, n.counted, n.out = n.up.without(i), n.counted.without(i), n.out.without(i)
			t.run(n)
		}
	}
	if g.pending[group] > 0 {
		n := g
		n.pending[group]--
		t.run(n)
	}
	if g.fresh[group] > 0 {
		n := g
		n.fresh[group]--
		t.run(n)
	}
}

// lumpy reports whether one member weighs as much as its group wants: then a
// refresh may take all at once.
func (t *theatre) lumpy(g stage, group int) bool {
	for i, m := range t.scene.members {
		if m.group == group && g.counted.has(i) && m.heavy > 0 && m.units() >= g.wants[group] {
			return true
		}
	}
	return false
}

// refresh takes one member out, if those out already are fewer units than a
// batch, or brings its successor in.
func (t *theatre) refresh(g stage, group, batch int) {
	busy := 0
	for i, m := range t.scene.members {
		if m.group == group && g.out.has(i) {
			busy += int(m.units())
		}
	}
	for i, m := range t.scene.members {
		if m.group != group || !g.counted.has(i) {
			continue
		}
		n := g
		t.takes = t.takes || m.state == unread
		switch {
		case g.up.has(i) && !g.done.has(i) && busy < batch:
			t.takes = true
			n.up, n.done, n.out = n.up.without(i), n.done.with(i), n.out.with(i)
			t.run(n)
		case g.out.has(i):
			n.up, n.out = n.up.with(i), n.out.without(i)
			t.run(n)
		}
	}
}

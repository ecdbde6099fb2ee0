package oracle

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
	acts // how many there are
)

// grip is what the plan does to a group.
type grip struct {
	kind    byte // 'n' nothing, 'd' desired, 'm' max, 'x' delete, 'r' refresh, 'c' desired and refresh
	n       int  // the new size
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
}

// scene is one small world and one plan.
type scene struct {
	members []instance
	grips   [3]grip // by group; the first is nobody's
}

const most = 8 // members of a scene

// stage is one instant of a future: who serves, what is done, what the groups
// believe. It is comparable, so that an instant is played once.
type stage struct {
	up      [most]bool
	counted [most]bool // its group counts it
	done    [most]bool // its act is over, or the refresh has had it
	out     [most]bool // a restart or a refresh has it out now
	resized [3]bool
	wants   [3]int
	pending [3]int // replacements launched and not in service yet
	fresh   [3]int // replacements that came into service
}

// theatre plays every future of a scene.
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
func play(s scene) *theatre {
	t := &theatre{scene: s, seen: map[stage]bool{}, fewest: most, zones: most}
	var g stage
	for i, m := range s.members {
		g.up[i] = m.state == serving || m.state == protected
		if m.group > 0 && m.state.counted() {
			g.counted[i] = true
			g.wants[m.group]++
		}
	}
	t.run(g)
	return t
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
	n := g.fresh[1] + g.fresh[2]
	var zones [3]int
	for i, m := range t.scene.members {
		if g.up[i] {
			n++
			zones[m.zone] = 1
		}
	}
	t.fewest, t.zones = min(t.fewest, n), min(t.zones, zones[0]+zones[1]+zones[2])
}

// member moves one member by one step: what the plan does to it, the end of
// that, or its arrival.
func (t *theatre) member(g stage, i int, m instance) {
	if m.state == arriving && !g.up[i] && !g.done[i] && (m.group == 0 || g.counted[i]) {
		n := g
		n.up[i], n.done[i] = true, true
		t.run(n)
	}
	if g.out[i] && m.group == 0 {
		n := g
		n.out[i], n.done[i], n.up[i] = false, true, true
		t.run(n)
	}
	if m.group > 0 || g.done[i] || g.out[i] {
		return
	}
	n := g
	switch {
	case m.act == remove || m.act == replace: // the new one may never come
		t.takes = t.takes || g.up[i] || m.state == unread
		n.up[i], n.done[i] = false, true
		t.run(n)
	case m.act == restart && m.state == unread:
		t.takes = true
	case m.act == restart && g.up[i]:
		t.takes = true
		n.up[i], n.out[i] = false, true
		t.run(n)
	}
}

// group moves one group by one step.
func (t *theatre) group(g stage, group int) {
	grip := t.scene.grips[group]
	if grip.kind != 'n' && !g.resized[group] {
		t.resize(g, group, grip)
	}
	if (grip.kind == 'r' || grip.kind == 'c') && g.resized[group] && !grip.surge {
		t.refresh(g, group, grip)
	}
	has := g.pending[group] + g.fresh[group]
	for i, m := range t.scene.members {
		if m.group == group && g.counted[i] {
			has++
		}
	}
	for i, m := range t.scene.members {
		if m.group == group && g.counted[i] && m.state.ghost() { // it notices
			n := g
			n.counted[i] = false
			if has-1 < g.wants[group] {
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
		n.wants[group] = grip.n
	case 'm':
		n.wants[group] = min(g.wants[group], grip.n)
	case 'x':
		n.wants[group], n.pending[group] = 0, 0
		for i, m := range t.scene.members {
			if m.group == group {
				t.takes = t.takes || g.up[i] || m.state == unread
				n.up[i], n.counted[i] = false, false
			}
		}
	}
	t.run(n)
}

// kill ends one member of the group's own choice.
func (t *theatre) kill(g stage, group int) {
	for i, m := range t.scene.members {
		if m.group == group && g.counted[i] && m.state != protected {
			n := g
			t.takes = t.takes || g.up[i] || m.state == unread
			n.up[i], n.counted[i], n.out[i] = false, false, false
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

// refresh takes one member out, if the healthy percentage of what the group
// wants still holds (at least one may always go), or brings its successor in.
func (t *theatre) refresh(g stage, group int, grip grip) {
	wants := g.wants[group]
	batch := max(1, wants-wants*grip.percent/100)
	if grip.percent == 0 {
		batch = wants
	}
	busy := 0
	for i, m := range t.scene.members {
		if m.group == group && g.out[i] {
			busy++
		}
	}
	for i, m := range t.scene.members {
		if m.group != group || !g.counted[i] {
			continue
		}
		n := g
		t.takes = t.takes || m.state == unread
		switch {
		case g.up[i] && !g.done[i] && busy < batch:
			t.takes = true
			n.up[i], n.done[i], n.out[i] = false, true, true
			t.run(n)
		case g.out[i]:
			n.up[i], n.out[i] = true, false
			t.run(n)
		}
	}
}

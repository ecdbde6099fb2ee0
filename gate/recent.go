package gate

import (
	"fmt"
	"slices"
	"time"
)

// RecentWindow is how long a snapshot may go on showing what a change of our
// own has ended or resized (aws-semantics 3.1).
const RecentWindow = 5 * time.Minute

// SourceLedger is the source of what we know of our own changes. No snapshot
// reads it.
const SourceLedger = "ledger"

// A Recent is a change of our own that a snapshot may not show yet. EC2 reads
// may lag by up to five minutes (aws-semantics 3.1), and terraform may have
// been killed before it saw an end it had asked for.
type Recent struct {
	Record string    `json:"record"`          // its place in the ledger, "search/42"
	At     time.Time `json:"at"`              // when terraform ended, when it began if that is not known
	Open   bool      `json:"open,omitempty"`  // it began and nobody recorded its end
	Ends   []string  `json:"ends,omitempty"`  // members it ended, or may have, by id, sorted
	Sizes  []Resize  `json:"sizes,omitempty"` // groups it resized, or may have, sorted by region and name
}

// A Resize is a group whose wanted size a change of our own moved.
type Resize struct {
	Region string `json:"region"`
	Group  string `json:"group"`
	From   int    `json:"from"`
	To     int    `json:"to"`
}

// counts reports whether a snapshot taken now may not show the change yet. One
// of which it is not known when it was made may have been made just now.
func (r Recent) counts(now time.Time) bool {
	return r.At.IsZero() || now.Sub(r.At) <= RecentWindow
}

// observe joins to a member what the ledger says of it: it is leaving, by our
// own doing, though no source shows that yet. A member that is seen to go needs
// no word of ours. Once the window has passed the ledger has no opinion any
// more, and what it had expected stays to be seen.
func (r Recent) observe(m *MemberView, now time.Time) {
	if m.Absent || m.Phase == Leaving || m.Phase == Gone || !slices.Contains(r.Ends, m.ID) {
		return
	}
	o := Observation{Source: SourceLedger, Field: "record", Raw: "ended by our own change " + r.Record, Phase: Leaving, Serving: ServingNo, Opinion: r.counts(now)}
	if !r.At.After(now) {
		o.Since = r.At
	}
	if r.Open {
		o.Raw, o.Detail = "perhaps "+o.Raw, "how that change ended was not recorded"
	}
	// The snapshot keeps its own list.
	m.Observed = append(slices.Clone(m.Observed), o)
	if o.Opinion {
		m.Phase, m.Serving, m.Since = Leaving, ServingNo, o.Since
	}
}

// Unended returns the observation of an end that a change of our own asked for
// and that has not come, though its time is over; false if there is none. The
// member runs on, and counts again.
func (m MemberView) Unended() (Observation, bool) {
	i := slices.IndexFunc(m.Observed, func(o Observation) bool { return o.Source == SourceLedger && !o.Opinion })
	if i < 0 || m.Phase == Leaving || m.Phase == Gone {
		return Observation{}, false
	}
	return m.Observed[i], true
}

// await adds to a group the change of ours that its size does not show yet:
// either the read is stale, or somebody has moved it since. Nobody can tell
// which, so the group is taken as still moving. all are all changes of ours.
func (r Recent) await(g *Group, all []Recent, now time.Time) {
	s, ok := r.resized(g)
	if !ok || g.Absent || g.Desired == s.To || !r.counts(now) || r.overtaken(g, all) {
		return
	}
	op := Operation{Kind: "change", ID: r.Record, Raw: fmt.Sprintf("of our own from %d to %d, not seen yet", s.From, s.To), Phase: Changing, Start: r.At}
	g.Operations = append([]Operation{op}, g.Operations...)
}

// overtaken reports whether a group shows a later change of ours, and so this
// one, too. A size that it also had before any of them may be from then.
func (r Recent) overtaken(g *Group, all []Recent) bool {
	later := false
	for _, other := range all {
		s, ok := other.resized(g)
		if ok && s.From == g.Desired {
			return false
		}
		later = later || ok && s.To == g.Desired && !r.At.IsZero() && other.At.After(r.At)
	}
	return later
}

// resized is what the change did to the size of a group.
func (r Recent) resized(g *Group) (Resize, bool) {
	i := slices.IndexFunc(r.Sizes, func(s Resize) bool { return s.Group == g.Name && s.Region == g.Region })
	if i < 0 {
		return Resize{}, false
	}
	return r.Sizes[i], true
}

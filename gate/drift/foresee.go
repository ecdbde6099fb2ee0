package drift

import (
	"maps"
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// Foresee is what Terraform's next plan of a state would hold, as far as that
// is certain: it finds the differences, and undoes those of which sets knows
// that the configuration says something else than what is live. Nothing is
// planned by it, and nothing may be allowed because of it: what it leaves out
// may still happen.
func Foresee(state *gate.State, ds []Difference, sets func(address, attribute string) (string, bool), now time.Time) *gate.Plan {
	p := Plan([]*gate.State{state}, now)
	for i := range p.Changes {
		p.Changes[i] = foresee(p, p.Changes[i], ds, sets)
	}
	p.Changes = slices.DeleteFunc(p.Changes, func(c gate.Change) bool {
		i := slices.IndexFunc(ds, func(d Difference) bool {
			return d.Address == c.Address && d.Ref == c.ID && c.Deposed == "" && (d.Code == Gone || d.Code == Renamed)
		})
		if i < 0 {
			return false
		}
		// A refresh would find it deleted.
		c.Action, c.After, c.Changed = gate.Delete, nil, nil
		p.Drift = append(p.Drift, c)
		return true
	})
	p.Drift = found(p.Drift)
	return p
}

func foresee(p *gate.Plan, c gate.Change, ds []Difference, sets func(string, string) (string, bool)) gate.Change {
	live, undone := maps.Clone(c.Before), maps.Clone(c.Before)
	drifted := c
	for _, d := range ds {
		if d.Address != c.Address || d.Ref != c.ID || d.value == nil {
			continue
		}
		live[d.Attribute], undone[d.Attribute] = d.value, d.value
		drifted.Changed = append(drifted.Changed, d.Attribute)
		said, certain := sets(c.Address, d.Attribute)
		if certain && said != d.Live && said == d.Recorded && foreseen(d) {
			undone[d.Attribute] = c.Before[d.Attribute]
			c.Changed, c.Action = append(c.Changed, d.Attribute), gate.Update
		}
	}
	if len(drifted.Changed) > 0 {
		drifted.Action, drifted.After = gate.Update, live
		p.Drift = append(p.Drift, drifted)
	}
	c.Before, c.After = live, undone
	slices.Sort(c.Changed)
	return c
}

// foreseen are the attributes whose undoing is the same in every plan: sizes,
// and the type of an instance.
func foreseen(d Difference) bool { return d.Code == Size || d.Attribute == "instance_type" }

// found says of drift that it was found by comparing the state.
func found(changes []gate.Change) []gate.Change {
	for i := range changes {
		changes[i].Found = "state"
	}
	return changes
}

// Merge adds to the drift that a plan's refresh found what only the recorded
// state shows, each fact once.
func Merge(p *gate.Plan, state *gate.State, ds []Difference, now time.Time) {
	none := func(string, string) (string, bool) { return "", false }
	for _, c := range Foresee(state, ds, none, now).Drift {
		known := func(attribute string) bool {
			return slices.ContainsFunc(p.Drift, func(d gate.Change) bool {
				return d.Address == c.Address && d.Deposed == c.Deposed && (d.Action == gate.Delete || slices.Contains(d.Changed, attribute))
			})
		}
		c.Changed = slices.DeleteFunc(c.Changed, known)
		// The plan knows the same object, or it is not about it.
		if len(c.Changed) > 0 && slices.ContainsFunc(p.Changes, func(o gate.Change) bool { return o.Address == c.Address && o.ID == c.ID }) {
			p.Drift = append(p.Drift, c)
		}
	}
}

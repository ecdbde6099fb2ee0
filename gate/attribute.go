package gate

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Attributed returns the verdict with what is known of who did it: what the
// trail has about its members and groups, and what AWS itself said of them at
// once, which fills in while the trail is late. It is for reports. Decision,
// findings and runs are those of v, whatever the trail says.
func (v Verdict) Attributed(t Trail) Verdict {
	known := map[string]bool{}
	for _, view := range v.Clusters {
		for _, m := range view.Members {
			known[m.Region+"/"+m.ID] = true
		}
		for _, g := range view.Groups {
			known[g.Region+"/"+g.Name] = true
		}
	}
	own := Trail{Attributions: []Attribution{}, Reach: append([]Reach{}, t.Reach...)}
	for _, a := range t.Attributions {
		if known[a.Region+"/"+a.Ref] {
			own.Attributions = append(own.Attributions, a)
		}
	}
	for _, view := range v.Clusters {
		for _, a := range view.saidAtOnce() {
			if !slices.ContainsFunc(own.Attributions, a.isIn) {
				own.Attributions = append(own.Attributions, a)
			}
		}
	}
	slices.SortFunc(own.Attributions, func(a, b Attribution) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Event, b.Event), cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.Source, b.Source))
	})
	v.Trail = &own
	return v
}

// isIn reports whether another attribution says the same and more: the same
// event about the same thing, that went through, at about the same time. AWS
// dates what it says of an instance by itself, and a group says of its creation
// what it says of an update.
func (a Attribution) isIn(other Attribution) bool {
	const apart = 2 * time.Minute
	if a.Event == "UpdateAutoScalingGroup" && other.Event == "CreateAutoScalingGroup" {
		other.Event = a.Event
	}
	near := a.At.IsZero() || other.At.Sub(a.At).Abs() <= apart
	return other.Failed == "" && other.Ref == a.Ref && other.Region == a.Region && other.Event == a.Event && near
}

// About returns the attributions of a finding's subjects and of what it rests
// on, newest first.
func (v Verdict) About(f Finding) []Attribution {
	if v.Trail == nil {
		return nil
	}
	is := v.about(f)
	var out []Attribution
	for _, a := range v.Trail.Attributions {
		if slices.Contains(is, a.Region+"/"+a.Ref) {
			out = append(out, a)
		}
	}
	return out
}

// Explainable reports whether any finding is about members or groups, so that it
// helps to know who did something to them.
func (v Verdict) Explainable() bool {
	return slices.ContainsFunc(v.Findings, func(f Finding) bool { return len(v.about(f)) > 0 })
}

// about returns "region/ref" of the members and groups that a finding is about
// or rests on, whether by id or by address.
func (v Verdict) about(f Finding) []string {
	refs := slices.Clone(f.Subjects)
	for _, e := range f.Evidence {
		refs = append(refs, e.Ref)
	}
	var is []string
	for _, view := range v.Clusters {
		if f.Cluster != "" && view.Cluster.Name != f.Cluster {
			continue
		}
		is = append(is, view.named(refs)...)
	}
	return is
}

// named returns the members and groups that refs are: by id, by name or by
// Terraform address.
func (v *View) named(refs []string) []string {
	recorded := map[string]bool{} // "region/id" of what an address among refs records
	for _, c := range slices.Concat(v.Recorded, v.Drift) {
		if slices.Contains(refs, c.Address) && c.ID != "" {
			recorded[c.Region+"/"+c.ID] = true
		}
	}
	var out []string
	for _, m := range v.Members {
		if slices.Contains(refs, m.ID) || slices.ContainsFunc(m.Addresses, func(a string) bool { return slices.Contains(refs, a) }) {
			out = append(out, m.Region+"/"+m.ID)
		}
	}
	for _, g := range v.Groups {
		if slices.Contains(refs, g.Name) || recorded[g.Region+"/"+g.Name] || recorded["/"+g.Name] {
			out = append(out, g.Region+"/"+g.Name)
		}
	}
	return out
}

// saidAtOnce is what the sources of the snapshot say of who did something.
func (v *View) saidAtOnce() []Attribution {
	var out []Attribution
	for _, m := range v.Members {
		for _, o := range m.Observed {
			if a, ok := byStateReason(o); ok {
				a.Region, a.Ref = m.Region, m.ID
				out = append(out, a)
			}
		}
	}
	for _, g := range v.Groups {
		for _, op := range g.Operations {
			if a, ok := byCause(op); ok {
				a.Region, a.Ref = g.Region, g.Name
				out = append(out, a)
			}
		}
	}
	return slices.Compact(out) // the same request stands in the history of each member it started
}

// byStateReason reads EC2's StateReason (EC2 API, StateReason). It knows that
// somebody asked, not who; what a group ends reads the same.
func byStateReason(o Observation) (Attribution, bool) {
	code, why, _ := strings.Cut(o.Detail, "; ")
	a := Attribution{At: o.Since, Detail: why, Source: o.Source, Event: map[string]string{
		"shutting-down": "TerminateInstances", "terminated": "TerminateInstances", "stopping": "StopInstances", "stopped": "StopInstances",
	}[o.Raw]}
	if o.Source != SourceInstances || a.Event == "" {
		return a, false
	}
	switch {
	case strings.HasPrefix(code, "Server.Spot"):
		a.Means, a.Who, a.Event = MeansService, "spot", "BidEvictedEvent"
	case strings.HasPrefix(code, "Server."):
		a.Means, a.Who, a.Event = MeansService, "ec2.amazonaws.com", code
	case code == "Client.InstanceInitiatedShutdown":
		a.Event = code
	case !strings.HasPrefix(code, "Client."):
		return a, false
	}
	return a, true
}

// byCause reads who changed the size of a group out of the cause that it gives
// for what it did about it: "At <time> a user request explicitly set group
// desired capacity changing the desired capacity from 3 to 6." (Auto Scaling
// user guide, "Verify a scaling activity").
func byCause(op Operation) (Attribution, bool) {
	const changing = " changing the desired capacity from "
	cause, numbers, ok := strings.Cut(op.Detail, changing)
	from, numbers, to := strings.Cut(numbers, " to ")
	if !ok || !to {
		return Attribution{}, false
	}
	a := Attribution{Source: SourceActivities, Event: "SetDesiredCapacity", Detail: "desired " + from + " to " + leadingDigits(numbers)}
	for _, by := range []struct {
		words, event, who string
		means             Means
	}{
		{" a user request update of AutoScalingGroup constraints", "UpdateAutoScalingGroup", "", MeansUnknown},
		{" a user request ", "SetDesiredCapacity", "", MeansUnknown},
		{" a monitor alarm ", "SetDesiredCapacity", "autoscaling.amazonaws.com", MeansService},
		{" a scheduled action ", "SetDesiredCapacity", "autoscaling.amazonaws.com", MeansService},
	} {
		if before, _, found := strings.Cut(cause, by.words); found {
			a.Event, a.Who, a.Means = by.event, by.who, by.means
			// Zero, not known, where the group wrote another form.
			a.At, _ = time.Parse(time.RFC3339, before[strings.LastIndex(before, " ")+1:])
			return a, true
		}
	}
	return a, false
}

// leadingDigits is the number that text begins with.
func leadingDigits(text string) string {
	return text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
}

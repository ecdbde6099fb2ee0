package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// An Override is one person's leave for one code, in one cluster, of one plan.
// Where enough people give it, findings with that code warn and do not block;
// no other finding changes. A check that is blind blocks without a finding of
// its own: what overrides it is leave for the "source." codes, of the plan as a
// whole, of everything it could not read. It runs then, on what was read, and
// what it finds there blocks as ever. A source that was read in full and too
// long ago can be read again, and is not overridden this way.
type Override struct {
	Record  string    `json:"record,omitempty"`  // its place in the ledger; empty while it is only asked for
	Code    string    `json:"code"`              // the finding's
	Cluster string    `json:"cluster,omitempty"` // the finding's; empty for a finding about the plan as a whole
	Plan    string    `json:"plan"`              // digest of the plan file; an empty one overrides nothing
	Reason  string    `json:"reason"`            // in the words of who gave it; an empty one overrides nothing
	By      string    `json:"by"`                // ARN that STS gave for the credentials; an empty one overrides nothing
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"` // zero overrides nothing
}

// An OverridePolicy says who may override what. People are told apart by the
// whole ARN, session name included, as that is the person where a directory
// signs people in. A role whose sessions anybody may name is as many people as
// they like: leave it out of People, or require its session names in IAM
// (sts:RoleSessionName).
type OverridePolicy struct {
	People    []string      `json:"people,omitempty"` // patterns over ARNs, "*" for any run of characters; empty means anybody whom STS names
	Never     []string      `json:"never,omitempty"`  // patterns over codes that nobody can override
	Approvals int           `json:"approvals"`        // different people it takes; less than 1 means 1
	Longest   time.Duration `json:"longest"`          // nanoseconds; an override is good for no longer than this after At; zero means DefaultOverride
}

// DefaultOverride is how long an override is good for where the config does
// not say.
const DefaultOverride = time.Hour

// Lasting is how long an override is good for after it was given.
func (p OverridePolicy) Lasting() time.Duration {
	if p.Longest <= 0 {
		return DefaultOverride
	}
	return p.Longest
}

// Needs is how many different people an override takes.
func (p OverridePolicy) Needs() int { return max(1, p.Approvals) }

// Permits reports whether somebody may override anything. Nobody whom STS does
// not name may.
func (p OverridePolicy) Permits(by string) bool {
	return by != "" && (len(p.People) == 0 || matchesAny(p.People, by))
}

// Forbids reports whether nobody can override a code. Some never can: a verdict
// that is not about this plan, a check that failed and judged nothing, a plan
// that is not there.
func (p OverridePolicy) Forbids(code string) bool {
	return strings.HasPrefix(code, "bound.") || strings.HasSuffix(code, ".broken") || code == "plan.missing" || matchesAny(p.Never, code)
}

func matchesAny(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, s) })
}

// matches reports whether the whole of s is like a pattern, in which "*" is any
// run of characters and everything else is itself.
func matches(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(s, part)
		if !found {
			return false
		}
		s = after
	}
	return true
}

// until is when an override ends under a policy.
func (o Override) until(p OverridePolicy) time.Time {
	if latest := o.At.Add(p.Lasting()); latest.Before(o.Expires) {
		return latest
	}
	return o.Expires
}

// unfit says why an override lets nothing through in an input, whatever it is
// for; empty if it may.
func (o Override) unfit(in Input) string {
	p := in.Config.Override
	switch {
	case p.Forbids(o.Code):
		return "nobody can override " + o.Code
	case o.By == "":
		return "it does not say who gave it"
	case !p.Permits(o.By):
		return o.By + " is not among the people who may override"
	case strings.TrimSpace(o.Reason) == "":
		return "it gives no reason"
	case o.Plan == "" || o.Plan != in.Plan.Digest:
		return fmt.Sprintf("it is for the plan %s, and this is %s", abbreviated(o.Plan), abbreviated(in.Plan.Digest))
	case o.At.Sub(in.Now) > Skew:
		// It is from a clock that is wrong, here or there: its age is not known.
		return "it was given at " + instant(o.At) + ", which lies ahead"
	case !in.Now.Before(o.until(p)):
		return "it was good until " + instant(o.until(p))
	}
	return ""
}

// A target is what an override is for.
type target struct{ code, cluster string }

// overrides are the overrides of one input, and what became of them.
type overrides struct {
	in     Input
	fit    map[target][]Override // one per person, sorted by time
	used   map[target]bool
	wanted map[target]bool // what blocks for want of more people
	unread map[string]bool // sources that need not have been read, by the subjects of their findings
}

func newOverrides(in Input) *overrides {
	o := &overrides{in: in, fit: map[target][]Override{}, used: map[target]bool{}, wanted: map[target]bool{}, unread: map[string]bool{}}
	latest := map[target]map[string]Override{}
	for _, one := range in.Overrides {
		if one.unfit(in) != "" {
			continue
		}
		to := target{one.Code, one.Cluster}
		if latest[to] == nil {
			latest[to] = map[string]Override{}
		}
		// Whoever gives it twice has given it once, for as long as the last.
		if had, ok := latest[to][one.By]; !ok || had.At.Before(one.At) {
			latest[to][one.By] = one
		}
	}
	for to, people := range latest {
		o.fit[to] = slices.SortedFunc(maps.Values(people), func(a, b Override) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.By, b.By)) })
	}
	return o
}

// excuse lets a finding that blocks through if enough people gave leave.
func (o *overrides) excuse(f *Finding) {
	f.Overrides = nil
	if f.Decision == Warn {
		return
	}
	to := target{f.Code, f.Cluster}
	if len(o.fit[to]) < o.in.Config.Override.Needs() {
		o.wanted[to] = true
		return
	}
	f.Decision, f.Overrides, o.used[to] = Warn, o.fit[to], true
	if f.Check == "source" {
		for _, subject := range f.Subjects {
			o.unread[subject] = true
		}
	}
}

// covers reports whether everything that a check lacks need not have been read.
func (o *overrides) covers(missing []lack) bool {
	return !slices.ContainsFunc(missing, func(l lack) bool { return l.what == stale || !o.unread[l.name+" in "+l.region] })
}

// until is when a verdict expires that would by itself at t: no later than what
// let it through.
func (o *overrides) until(t time.Time) time.Time {
	for to := range o.used {
		for _, one := range o.fit[to] {
			if end := one.until(o.in.Config.Override); end.Before(t) {
				t = end
			}
		}
	}
	return t
}

// unused finds the overrides that let nothing through, and says why: whoever
// gave one must not think that it did.
func (o *overrides) unused() []Finding {
	var out []Finding
	for _, one := range o.in.Overrides {
		to := target{one.Code, one.Cluster}
		why := one.unfit(o.in)
		remedy := "see who may override what, for how long, under override in holdfast.hcl"
		switch {
		case why == "" && o.used[to]:
			continue
		case why == "" && o.wanted[to]:
			needs, gave := o.in.Config.Override.Needs(), len(o.fit[to])
			why = fmt.Sprintf("it takes %s, and %d gave it", Count(needs, "different person"), gave)
			remedy = fmt.Sprintf("have %d more give it, for this plan", needs-gave)
		case why == "":
			why, remedy = "nothing is blocked by it", "leave it out"
		}
		on := ""
		if one.Cluster != "" {
			on = " on " + one.Cluster
		}
		message := fmt.Sprintf("the override of %s%s by %s lets nothing through: %s", one.Code, on, cmp.Or(one.By, "nobody known"), why)
		if slices.ContainsFunc(out, func(f Finding) bool { return f.Message == message }) {
			continue // somebody gave it once more
		}
		out = append(out, Finding{Check: "override", Code: "override.unused", Decision: Warn, Cluster: one.Cluster, Subjects: []string{one.Code}, Message: message, Remedy: remedy})
	}
	return out
}

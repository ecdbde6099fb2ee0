package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Skew is how far ahead the clock of another machine may be. What another
// machine dated later than that is not believed.
const Skew = 5 * time.Minute

// A Given is what a verdict said of what it was about.
type Given struct {
	Decision Decision  `json:"decision"`
	Plan     string    `json:"plan,omitempty"`    // digest; one that is missing could be that of any plan
	Config   string    `json:"config,omitempty"`  // digest; empty for the default
	Account  string    `json:"account,omitempty"` // of the credentials
	Caller   string    `json:"caller,omitempty"`  // ARN of the credentials
	At       time.Time `json:"at"`
	Expires  time.Time `json:"expires"` // zero has expired
}

// Given is what the verdict said of what it was about.
func (v Verdict) Given() *Given {
	return &Given{Decision: v.Decision, Plan: v.Plan.Digest, Config: v.Config, Account: v.Account, Caller: v.Caller, At: v.At, Expires: v.Expires}
}

// Recheck decides on an input anew and proves that a verdict given before is
// about the same plan, promises and credentials, still holds and permits. What
// is not so is a finding whose code begins with "bound."; no override lets one
// through. It never permits what Evaluate of the same input does not, and its
// verdict expires no later than the given one.
func Recheck(given Verdict, in Input, suite []*Check) Verdict {
	in.Given = given.Given()
	return Evaluate(in, suite)
}

// bind adds the reasons for which what was given before is no leave to do what
// is judged now.
func (v *Verdict) bind(given Given, age time.Duration) {
	if given.Expires.Before(v.Expires) {
		v.Expires = given.Expires
	}
	for _, f := range unbound(given, *v, age) {
		f.Check, f.Decision = "bound", Block
		v.Findings = append(v.Findings, f)
	}
}

// unbound are the reasons for which a verdict given before is no leave to do
// what now was judged.
func unbound(given Given, now Verdict, age time.Duration) []Finding {
	var out []Finding
	if !given.Decision.Permits() {
		out = append(out, Finding{Code: "bound.decision", Message: "the verdict given before did not permit the plan: it says " + given.Decision.String(),
			Remedy: "have the plan judged again (holdfast check), and apply it when it is allowed"})
	}
	if given.Plan != now.Plan.Digest || now.Plan.Digest == "" {
		out = append(out, Finding{Code: "bound.plan", Evidence: differs("plan", "plan file", given.Plan, now.Plan.Digest),
			Message: fmt.Sprintf("the verdict is about the plan %s, and the plan to apply is %s", abbreviated(given.Plan), abbreviated(now.Plan.Digest)),
			Remedy:  "apply the plan file that was judged, or have this one judged (holdfast check)"})
	}
	// Which promise was edited is not known from a digest, so any edit may have
	// loosened one.
	if given.Config != now.Config {
		out = append(out, Finding{Code: "bound.config", Evidence: differs("config", "holdfast.hcl", given.Config, now.Config),
			Message: fmt.Sprintf("the promises were edited since the verdict: it was given under %s, and now there is %s", promised(given.Config), promised(now.Config)),
			Remedy:  "have the plan judged again under the config as it is now (holdfast check)"})
	}
	return append(append(out, outdated(given, now.At, age)...), switched(given, now)...)
}

// outdated finds a verdict that has expired. Its own word is believed only as
// far as the config goes: an expiry that somebody moved moves nothing.
func outdated(given Given, now time.Time, age time.Duration) []Finding {
	until := given.Expires
	if latest := given.At.Add(age); latest.Before(until) {
		until = latest
	}
	f := Finding{Code: "bound.expired", Remedy: "have the plan judged again (holdfast check)"}
	switch {
	case given.At.Sub(now) > Skew:
		// A verdict from the future is from a clock that is wrong, here or there:
		// its age is not known.
		f.Message = fmt.Sprintf("the verdict was given at %s, which is %s ahead of this machine's clock", instant(given.At), given.At.Sub(now).Round(time.Second))
		f.Remedy = "set the clocks of both machines, then have the plan judged again (holdfast check)"
	case !now.Before(until):
		f.Message = "the verdict was good until " + instant(until) + ", and it is " + instant(now)
	default:
		return nil
	}
	return []Finding{f}
}

// switched finds credentials that are not those the verdict was given with. A
// role is the same in another session: CI judges in one job and applies in the
// next, each with a session name of its own. Credentials that are not known
// are those of nobody, and differ from any that are.
func switched(given Given, now Verdict) []Finding {
	if given.Account == now.Account && principal(given.Caller) == principal(now.Caller) {
		return nil
	}
	return []Finding{{Code: "bound.account", Evidence: differs(SourceIdentity, "caller", whose(given.Caller, given.Account), whose(now.Caller, now.Account)),
		Message: fmt.Sprintf("the verdict was given with the credentials of %s, and these are of %s", whose(given.Caller, given.Account), whose(now.Caller, now.Account)),
		Remedy:  "apply with the credentials the plan was judged with, or have it judged with these (holdfast check)"}}
}

// principal is an ARN without the name of the session in which a role was
// assumed: arn:aws:sts::123456789012:assumed-role/ROLE/SESSION.
func principal(arn string) string {
	if head, role, ok := strings.Cut(arn, ":assumed-role/"); ok {
		role, _, _ = strings.Cut(role, "/")
		return head + ":assumed-role/" + role
	}
	return arn
}

// whose names the credentials of a verdict.
func whose(caller, account string) string { return cmp.Or(caller, account, "nobody known") }

// differs is the evidence of two values that should be one.
func differs(source, ref, want, got string) []Evidence {
	return []Evidence{{Source: source, Ref: ref, Want: cmp.Or(want, "none"), Got: cmp.Or(got, "none")}}
}

// abbreviated is the first part of a digest, enough to tell two apart.
func abbreviated(digest string) string {
	const keep = 12
	return cmp.Or(digest[:min(keep, len(digest))], "without a digest")
}

// promised names the config with that digest.
func promised(digest string) string {
	if digest == "" {
		return "no holdfast.hcl"
	}
	return "holdfast.hcl " + abbreviated(digest)
}

// instant is a time as messages say it.
func instant(t time.Time) string {
	if t.IsZero() {
		return "a time that is not known"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// Touched names the clusters that the plan changes, sorted, for leases: two
// changes of one cluster must find one name. A cluster that nobody declared
// goes by what it was found by, without the region that tells it from another
// of that name in one verdict and not in the next; clusters that share a name
// then exclude each other without need, and never fail to.
func (v Verdict) Touched() []string {
	var out []string
	for _, c := range v.Clusters {
		if c.Touched() {
			out = append(out, c.Lease())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Lease is the name under which the cluster is changed by one at a time, and
// under which its records are kept.
func (v *View) Lease() string {
	s := v.Cluster.Members
	switch {
	case !v.Cluster.Implicit:
	case len(s.Groups) > 0:
		return s.Groups[0]
	case len(s.Addresses) > 0:
		return s.Addresses[0]
	case s.Tags["Cluster"] != "":
		return s.Tags["Cluster"]
	}
	return v.Cluster.Name
}

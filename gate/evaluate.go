package gate

import (
	"cmp"
	"fmt"
	"slices"
)

// Evaluate runs the checks on an input and keeps the worst decision. It
// returns no error: whatever keeps it from deciding is a finding that blocks.
func Evaluate(in Input, suite []*Check) Verdict {
	in = complete(in)
	v := Verdict{At: in.Now, Expires: in.Now.Add(in.Config.VerdictAge), Caller: in.Snapshot.Caller, Config: in.Config.Digest, Snapshot: in.Snapshot.Digest, Account: in.Snapshot.Account, Plan: summary(in.Plan),
		Sources: slices.SortedFunc(slices.Values(in.Snapshot.Sources), func(a, b Source) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Region, b.Region)) })}
	var findings []Finding
	v.Clusters, findings = clusters(in)
	findings = append(findings, unused(in.Plan, v.Clusters)...)
	// Clusters that the plan does not know and the config does not name are
	// other people's: they were read only because a filter found them. Of a plan
	// that is not there as a whole, so are those it only knows: their members are
	// not all there.
	v.Clusters = slices.DeleteFunc(v.Clusters, func(c *View) bool {
		return c.Cluster.Implicit && len(c.Drift) == 0 && len(c.Effects) == 0 && (len(c.Recorded) == 0 || in.Plan.Unjudged > 0)
	})
	findings = append(findings, unread(in, v.Clusters, suite)...)
	if in.Plan.FormatVersion == "" {
		// No plan, so nothing is known of what would happen.
		findings = append(findings, Finding{Check: "plan", Code: "plan.missing", Decision: Block, Message: "there is no plan to judge", Remedy: "give holdfast a plan file"})
	}
	leave := newOverrides(in)
	for i := range findings {
		leave.excuse(&findings[i])
	}
	for _, c := range suite {
		views := v.Clusters
		if c.Plan {
			views = []*View{nil}
		}
		for _, view := range views {
			fs, run := apply(c, in, view, v.Clusters, leave)
			findings, v.Runs = append(findings, fs...), append(v.Runs, run)
		}
	}
	v.Findings, v.Expires = append(findings, leave.unused()...), leave.until(v.Expires)
	if in.Given != nil {
		v.bind(*in.Given, in.Config.VerdictAge)
	}
	v.decide()
	return v
}

// Clusters returns every cluster of an input, declared or found, without
// judging it: what a status shows. It takes an input without a plan.
func Clusters(in Input) []*View {
	out, _ := clusters(complete(in))
	return out
}

// clusters divides an input into clusters, works out what the plan does to
// each, and finds what is wrong with the division itself.
func clusters(in Input) ([]*View, []Finding) {
	w := newWorld(in)
	out, findings := views(in, w)
	places := newRegistrations(in.Plan, in.Snapshot)
	for _, c := range out {
		c.addEffects(w)
		c.addRegistrations(places)
		for _, r := range c.Cluster.Roles {
			c.Roles = append(c.Roles, c.project(r, in.Now))
		}
		findings = append(findings, emptyRoles(c)...)
	}
	return out, findings
}

// complete fills in what an Input may leave out. Nothing becomes known by it.
func complete(in Input) Input {
	if in.Config == nil {
		in.Config = DefaultConfig()
	}
	if in.Plan == nil {
		in.Plan = &Plan{}
	}
	if in.Snapshot == nil {
		in.Snapshot = &Snapshot{}
	}
	return in
}

func summary(p *Plan) Summary {
	s := Summary{Digest: p.Digest, TerraformVersion: p.TerraformVersion, CreatedAt: p.CreatedAt, Workspace: p.Workspace, Actions: len(p.Actions), Unjudged: p.Unjudged}
	for _, c := range p.Changes {
		switch c.Action {
		case Create:
			s.Create++
		case Update:
			s.Update++
		case Delete:
			s.Delete++
		case ReplaceCreateFirst, ReplaceDeleteFirst, ForgetReplace:
			s.Replace++
		}
	}
	return s
}

// emptyRoles finds roles that select nobody in a cluster that has members and
// would lose some: a role that finds nothing promises nothing.
func emptyRoles(v *View) []Finding {
	var out []Finding
	for _, p := range v.Roles {
		if len(p.Buckets) == 0 && len(v.Members) > 0 && v.Takes() {
			out = append(out, Finding{Check: "cluster", Code: "cluster.empty", Decision: Block, Cluster: v.Cluster.Name, Role: p.Role.Name,
				Message: fmt.Sprintf("role %q of %s selects none of its %s, so its promises protect nobody", p.Role.Name, v.Cluster.Name, Count(len(v.Members), "member")),
				Remedy:  "correct the role's members in holdfast.hcl"})
		}
	}
	return append(out, roleless(v)...)
}

// roleless finds serving members that the plan takes and that are in no role of
// their cluster: no promise is about them.
func roleless(v *View) []Finding {
	ids := v.of(func(m MemberView) bool {
		return len(m.Roles) == 0 && m.Serving != ServingNo && m.Phase != Gone && (m.Named || v.chosen(m))
	})
	if len(ids) == 0 {
		return nil
	}
	return []Finding{{Check: "cluster", Code: "cluster.roleless", Decision: Block, Cluster: v.Cluster.Name, Subjects: ids,
		Message: fmt.Sprintf("the plan can take %s of %s, of no role of it, so no promise protects them", list(ids), v.Cluster.Name),
		Remedy:  "give them a role in holdfast.hcl, with survivor_floor = 0 if they may all go"}}
}

// chosen reports whether a group may choose the member, by the plan.
func (v *View) chosen(m MemberView) bool {
	return m.Group != "" && slices.ContainsFunc(v.Effects, func(e Effect) bool { return e.Group == m.Group && (e.Kills > 0 || e.Rolls > 0) })
}

// unused finds declared clusters that select nobody while the plan takes
// something that no declared cluster owns: a misspelt selector looks like
// this, and selecting nothing is an error.
func unused(p *Plan, clusters []*View) []Finding {
	stray := stray(p, clusters)
	if stray == "" {
		return nil
	}
	var out []Finding
	for _, v := range clusters {
		if !v.Cluster.Implicit && len(v.Members) == 0 && len(v.Groups) == 0 && len(v.Recorded) == 0 {
			out = append(out, Finding{Check: "cluster", Code: "cluster.unused", Decision: Block, Cluster: v.Cluster.Name, Subjects: []string{stray},
				Message: fmt.Sprintf("%s selects no member, and the plan takes %s, which no cluster of holdfast.hcl selects", v.Cluster.Name, stray),
				Remedy:  "check the spelling of the cluster's members, or name a cluster for " + stray})
		}
	}
	return out
}

// stray is the first instance or group that the plan takes, or may take, and
// that no declared cluster owns; empty if there is none.
func stray(p *Plan, clusters []*View) string {
	var strays []string
	for _, c := range p.Changes {
		if (c.Type != "aws_instance" && c.Type != "aws_autoscaling_group") || !(c.Action.Ends() || c.Action == Update) {
			continue
		}
		owned, takes := false, c.Action.Ends()
		for _, v := range clusters {
			e, mine := v.effect(c)
			takes = takes || e.Takes()
			owned = owned || (mine && !v.Cluster.Implicit)
		}
		if takes && !owned {
			strays = append(strays, c.key())
		}
	}
	if len(strays) == 0 {
		return ""
	}
	return slices.Min(strays)
}

// apply runs one check on one cluster, or on the plan. Not being able to see,
// failing and panicking all block.
func apply(c *Check, in Input, view *View, clusters []*View, leave *overrides) (findings []Finding, run Run) {
	run = Run{Check: c.Name, Outcome: Errored, Decision: Block}
	if view != nil {
		run.Cluster = view.Cluster.Name
	}
	worst, outcome := Allow, Ran
	if missing := lacks(c, in, view, clusters); len(missing) > 0 {
		if !leave.covers(missing) {
			run.Outcome, run.Reason = Blind, blindness(missing)
			return nil, run
		}
		worst, outcome, run.Reason = Warn, Blind, blindness(missing)
	}
	defer func() {
		if r := recover(); r != nil {
			// A check that breaks has judged nothing.
			run.Outcome, run.Decision, run.Reason = Errored, Block, fmt.Sprint(r)
			findings = append(findings, broken(run))
		}
	}()
	pass := &Pass{Now: in.Now, Config: in.Config, Plan: in.Plan, Snapshot: in.Snapshot, Cluster: view, Clusters: clusters, Report: func(f Finding) {
		f.Check = c.Name
		if view != nil {
			f.Cluster = view.Cluster.Name
		}
		if f.Decision != Warn {
			f.Decision = Block
		}
		slices.Sort(f.Subjects)
		leave.excuse(&f)
		worst = max(worst, f.Decision)
		findings = append(findings, f)
	}}
	if err := c.Run(pass); err != nil {
		run.Reason = err.Error()
		return append(findings, broken(run)), run
	}
	run.Outcome, run.Decision = outcome, worst
	return findings, run
}

// broken makes a finding of a check that failed.
func broken(r Run) Finding {
	return Finding{Check: r.Check, Code: r.Check + ".broken", Decision: Block, Cluster: r.Cluster,
		Message: "the check " + r.Check + " failed and judged nothing: " + r.Reason, Remedy: "report this as a bug of holdfast"}
}

// decide sorts the findings and takes the worst of everything; whoever did not
// run has said Block already, unless leave was given. A verdict that no check
// took part in permits nothing.
func (v *Verdict) decide() {
	slices.SortStableFunc(v.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Decision, a.Decision), cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Role, b.Role), slices.Compare(a.Subjects, b.Subjects), cmp.Compare(a.Message, b.Message))
	})
	slices.SortFunc(v.Runs, func(a, b Run) int { return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Cluster, b.Cluster)) })
	worst := map[string]Decision{}
	for _, r := range v.Runs {
		v.Decision = max(v.Decision, r.Decision)
		worst[r.Cluster] = max(worst[r.Cluster], r.Decision)
	}
	for _, f := range v.Findings {
		v.Decision = max(v.Decision, f.Decision)
		worst[f.Cluster] = max(worst[f.Cluster], f.Decision)
	}
	if v.Decision == Undecided {
		v.Decision = Block
	}
	for _, c := range v.Clusters {
		c.Decision = worst[c.Cluster.Name]
	}
}

package report

import (
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// manyServing and manyGone are how many members in service, and gone, are
// listed one by one. Members that move, are broken or are named by the plan
// always are.
const (
	manyServing = 30
	manyGone    = 5
)

// members writes who is in the cluster, the ones to worry about first.
func (p *page) members(c *gate.View, at time.Time) {
	if len(c.Members) == 0 {
		p.line(2, "no members")
		return
	}
	all := p.seats(c)
	rows := [][]string{{"MEMBER", "ROLE", "COUNTS AS", "FOR", "STATE", "ZONE", "TERRAFORM", "WHY"}}
	counts := map[gate.Bucket]int{}
	for _, s := range all {
		if counts[s.bucket]++; !p.o.Verbose && counts[s.bucket] > most(s.bucket) {
			continue
		}
		rows = append(rows, []string{s.ID, strings.Join(s.Roles, " "), s.label, ago(at, s.Since), p.state(s.MemberView, s.bucket), s.Zone, p.address(c, s.MemberView), why(s.MemberView)})
	}
	p.cells(all, 2)
	p.table(2, rows)
	for _, b := range []gate.Bucket{gate.BucketSurvivor, gate.BucketGone} {
		if more := counts[b] - most(b); more > 0 && !p.o.Verbose {
			p.line(2, "and %d more %s", more, map[gate.Bucket]string{gate.BucketSurvivor: "in service", gate.BucketGone: "gone"}[b])
		}
	}
}

// most is how many members of a bucket are listed.
func most(b gate.Bucket) int {
	switch b {
	case gate.BucketSurvivor:
		return manyServing
	case gate.BucketGone:
		return manyGone
	default:
		return 1 << 30
	}
}

// order is the order of the list: who leaves, who is broken, who moves, whom
// the plan takes, who serves, who is gone.
func order(b gate.Bucket) int {
	return slices.Index([]gate.Bucket{gate.BucketLeaving, gate.BucketFailed, gate.BucketChanging, gate.BucketUnknown, gate.BucketArriving,
		gate.BucketVictim, gate.BucketOutOfService, gate.BucketSurvivor, gate.BucketGone}, b)
}

// bucket is where a member is; the one to worry about most, if roles differ. A
// member in no role is not classified.
func bucket(c *gate.View, m gate.MemberView) gate.Bucket {
	worst, found := gate.BucketUnknown, false
	for _, r := range c.Roles {
		if b, ok := r.Buckets[m.ID]; ok && (!found || order(b) < order(worst)) {
			worst, found = b, true
		}
	}
	return worst
}

// inService is what a member that serves counts as where no plan is judged.
const inService = "in service"

// counted is the bucket in words, and who may still take the member: what AWS
// may end is no survivor in the worst case.
func (p *page) counted(c *gate.View, m gate.MemberView, b gate.Bucket) string {
	if b == gate.BucketSurvivor && p.now {
		return inService
	}
	if b == gate.BucketSurvivor {
		for _, e := range c.Effects {
			switch {
			case m.Group == "" || e.Group != m.Group:
			case e.Kills > 0 && !m.Protected:
				return "in service, AWS may choose"
			case e.Rolls > 0:
				return "in service, may be rolled"
			}
		}
	}
	if b == gate.BucketVictim && slices.ContainsFunc(c.Roles, func(r gate.Projection) bool { return slices.Contains(r.Stops, m.ID) }) {
		return "victim, out for a while"
	}
	if b == gate.BucketUnknown && len(m.Roles) == 0 && !m.Absent {
		return "in no role"
	}
	return b.String()
}

// state is what the sources say, in their own words. Of a member that serves
// the first is enough.
func (p *page) state(m gate.MemberView, b gate.Bucket) string {
	if m.Absent {
		return "not found by any source"
	}
	var words []string
	last := ""
	for _, o := range m.Observed {
		if !o.Opinion && !p.o.Verbose && o.Phase == gate.Steady {
			continue
		}
		source, _, _ := strings.Cut(o.Source, ".")
		text := o.Raw
		if source != last {
			text, last = source+" "+o.Raw, source
		}
		words = append(words, text)
	}
	if len(words) == 0 {
		return m.Phase.String()
	}
	if b == gate.BucketSurvivor && !p.o.Verbose {
		return words[0]
	}
	return strings.Join(words, ", ")
}

// why is the reason that sources give for a member that does not serve.
func why(m gate.MemberView) string {
	var out []string
	for _, o := range m.Observed {
		if o.Detail != "" && (o.Phase != gate.Steady || o.Serving != gate.ServingYes) && !slices.Contains(out, cut(o.Detail)) {
			out = append(out, cut(o.Detail))
		}
	}
	return strings.Join(out, "; ")
}

// cut shortens a reason in a source's own words; the JSON has it whole.
func cut(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// address is where Terraform records a member: its own address, else its
// group's.
func (p *page) address(c *gate.View, m gate.MemberView) string {
	if len(m.Addresses) > 0 {
		return strings.Join(m.Addresses, " ")
	}
	for _, r := range c.Recorded {
		if m.Group != "" && r.Type == "aws_autoscaling_group" && r.ID == m.Group && (r.Region == "" || r.Region == m.Region) {
			return "in " + r.Address
		}
	}
	switch {
	case p.now:
		return "" // without a plan it is not known what Terraform records
	case m.Managed:
		return "in group " + m.Group
	default:
		return "not in this plan"
	}
}

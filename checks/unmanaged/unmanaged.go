// Package unmanaged holds the check for live members, and targets of their load
// balancers, that Terraform does not know. It does not count them out: they serve until somebody ends them.
package unmanaged

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "unmanaged", Needs: gate.Live(), Run: run, Doc: `members that Terraform does not know must be named before others are taken

Somebody made them by hand, or another state holds them. They serve today, but
this plan was made without them. So was it where somebody registered a target by
hand. Pass by importing or removing them; where a
cluster is spread over several states, say unmanaged = "warn" or "allow" in its
block of holdfast.hcl.`}
}

func run(p *gate.Pass) error {
	v := p.Cluster
	if v.Cluster.Unmanaged == gate.Allow || (len(v.Recorded) == 0 && !v.Touched()) {
		return nil
	}
	members(p, v)
	targets(p, v)
	return nil
}

func members(p *gate.Pass, v *gate.View) {
	var ids, named []string
	for _, m := range v.Members {
		if !m.Managed && m.Phase != gate.Gone && m.Phase != gate.Leaving {
			ids = append(ids, m.ID)
			named = append(named, m.ID+" ("+m.Word()+")")
		}
	}
	if len(ids) == 0 {
		return
	}
	p.Report(gate.Finding{Code: "unmanaged.members", Decision: severity(v), Subjects: ids,
		Message: fmt.Sprintf("%s has %d of its %s without a Terraform address: %s", v.Cluster.Name, len(ids), gate.Count(len(v.Members), "member"), few(named)),
		Remedy:  `import or remove them, or say unmanaged = "warn" in the cluster's block of holdfast.hcl`})
}

// targets names what gets traffic of a cluster's target groups and nobody
// declared. It takes requests from the members, and the plan does not know that
// it does.
func targets(p *gate.Pass, v *gate.View) {
	var ids, named []string
	for _, r := range v.Undeclared {
		ids = append(ids, r.Member)
		named = append(named, fmt.Sprintf("%s on port %d of %s", r.Member, r.Port, r.TargetGroup()))
	}
	if len(ids) == 0 {
		return
	}
	slices.Sort(ids)
	p.Report(gate.Finding{Code: "unmanaged.targets", Decision: severity(v), Subjects: slices.Compact(ids),
		Message: fmt.Sprintf("%s in the target groups of %s that nobody declared: %s", gate.Count(len(named), "target"), v.Cluster.Name, few(named)),
		Remedy:  `declare or deregister them, or say unmanaged = "warn" in the cluster's block of holdfast.hcl`})
}

func severity(v *gate.View) gate.Decision {
	if v.Costs() && v.Cluster.Unmanaged != gate.Warn {
		return gate.Block
	}
	return gate.Warn
}

func few(names []string) string {
	const shown = 6
	if len(names) > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return strings.Join(names, ", ")
}

// Package unmanaged holds the check for live members that Terraform does not
// know. It does not count them out: they serve until somebody ends them.
package unmanaged

import (
	"fmt"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "unmanaged", Needs: gate.Live(), Run: run, Doc: `members that Terraform does not know must be named before others are taken

Somebody made them by hand, or another state holds them. They serve today, but
this plan was made without them. Pass by importing or removing them; where a
cluster is spread over several states, say unmanaged = "warn" or "allow" in its
block of holdfast.hcl.`}
}

func run(p *gate.Pass) error {
	v := p.Cluster
	var ids, named []string
	for _, m := range v.Members {
		if !m.Managed && m.Phase != gate.Gone && m.Phase != gate.Leaving {
			ids = append(ids, m.ID)
			named = append(named, m.ID+" ("+m.Word()+")")
		}
	}
	if len(ids) == 0 || v.Cluster.Unmanaged == gate.Allow || (len(v.Recorded) == 0 && !v.Touched()) {
		return nil
	}
	d := gate.Warn
	if v.Costs() && v.Cluster.Unmanaged != gate.Warn {
		d = gate.Block
	}
	p.Report(gate.Finding{Code: "unmanaged.members", Decision: d, Subjects: ids,
		Message: fmt.Sprintf("%s has %d of its %s without a Terraform address: %s", v.Cluster.Name, len(ids), gate.Count(len(v.Members), "member"), few(named)),
		Remedy:  `import or remove them, or say unmanaged = "warn" in the cluster's block of holdfast.hcl`})
	return nil
}

func few(names []string) string {
	const shown = 6
	if len(names) > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return strings.Join(names, ", ")
}

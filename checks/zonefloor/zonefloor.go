// Package zonefloor holds the check that holds a role's zone floor. It does
// not count zones itself: the projection does.
package zonefloor

import (
	"fmt"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "zonefloor", Needs: gate.Live(), Run: run, Doc: `the members left must span enough zones

Whatever AWS may choose to end, it is taken to empty the smallest zones first. A
member whose zone is not known spans none. Pass by taking members from the zones
that have most, or by adding members to another zone first.`}
}

func run(p *gate.Pass) error {
	for _, r := range p.Cluster.Roles {
		f := r.Floor(gate.PromiseZoneFloor)
		if !r.Costs() || r.Zones >= f.Needs {
			continue
		}
		name := p.Cluster.Cluster.Name
		if r.Role.Name != "" {
			name += "/" + r.Role.Name
		}
		p.Report(gate.Finding{Code: "zonefloor.breached", Decision: gate.Block, Role: r.Role.Name,
			Message: fmt.Sprintf("the serving members of %s could be left in %s, it needs %d: the plan takes %d of %d", name, gate.Count(r.Zones, "zone"), f.Needs, r.Taken()+r.Doubtful, len(r.Serving)+r.Doubtful),
			Remedy:  "take members from the zones that have most, or add members to another zone first"})
	}
	return nil
}

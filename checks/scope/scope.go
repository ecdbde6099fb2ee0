// Package scope holds the check on how much one apply may disturb. It does not
// judge any one cluster: the floors do.
package scope

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "scope", Plan: true, Needs: gate.Live(), Run: run, Doc: `one apply must not disturb more than was declared

A plan that takes members of several clusters at once has a wider blast radius
than any one of its changes shows. Pass by splitting it, or by declaring the
most clusters and victims one apply may have in the scope block of holdfast.hcl.`}
}

func run(p *gate.Pass) error {
	var disturbed, emptied []string
	victims := 0
	for _, v := range p.Clusters {
		taken := 0
		var named []string
		for _, r := range v.Roles {
			named = append(append(named, r.Victims...), r.Stops...)
			taken = max(taken, r.Taken())
			victims += r.Kills + max(0, r.Rolls-len(r.Stops))
			if len(r.Serving) > 0 && r.After == 0 && r.Floors[0].Needs > 0 {
				emptied = append(emptied, v.Cluster.Name)
			}
		}
		slices.Sort(named)
		victims += len(slices.Compact(named)) // one member may be in several roles
		if taken > 0 {
			disturbed = append(disturbed, v.Cluster.Name)
		}
	}
	clusters(p, disturbed, emptied)
	if most := p.Config.MaxVictims; most != nil && victims > *most {
		p.Report(gate.Finding{Code: "scope.victims", Decision: gate.Block, Subjects: disturbed, Remedy: "split the change, or raise victims in the scope block of holdfast.hcl",
			Message: fmt.Sprintf("the plan could take %d members, one apply may take %d", victims, *most)})
	}
	return nil
}

func clusters(p *gate.Pass, disturbed, emptied []string) {
	most := p.Config.MaxClusters
	switch {
	case most != nil && len(disturbed) > *most:
		p.Report(gate.Finding{Code: "scope.clusters", Decision: gate.Block, Subjects: disturbed, Remedy: "split the change, or raise clusters in the scope block of holdfast.hcl",
			Message: fmt.Sprintf("the plan disturbs %d clusters, one apply may disturb %d: %s", len(disturbed), *most, strings.Join(disturbed, ", "))})
	case most == nil && len(emptied) > 1:
		p.Report(gate.Finding{Code: "scope.emptied", Decision: gate.Block, Subjects: emptied, Remedy: "split the change, or declare clusters in the scope block of holdfast.hcl",
			Message: fmt.Sprintf("the plan could empty %d clusters at once and no scope is declared: %s", len(emptied), strings.Join(emptied, ", "))})
	case most == nil && len(disturbed) > 1:
		p.Report(gate.Finding{Code: "scope.undeclared", Decision: gate.Warn, Subjects: disturbed, Remedy: "split the change, or declare clusters in the scope block of holdfast.hcl",
			Message: fmt.Sprintf("the plan disturbs %d clusters at once and no scope is declared: %s", len(disturbed), strings.Join(disturbed, ", "))})
	}
}

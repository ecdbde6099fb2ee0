// Package quorum holds the check that holds a role's quorum. It does
// not count members itself: the projection does, once for every check.
package quorum

import "github.com/holdfast-gate/holdfast/gate"

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "quorum", Needs: gate.Live(), Run: run, Doc: `a majority of the configured voters must go on serving

Voters are the most that are declared, recorded before the plan or planned after
it: a dying voter stays in the number until it is removed from the voters. Pass
by removing voters one at a time and letting the cluster settle in between.`}
}

func run(p *gate.Pass) error {
	p.Breaches(gate.PromiseQuorum, "quorum")
	return nil
}

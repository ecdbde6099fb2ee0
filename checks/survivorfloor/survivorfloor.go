// Package survivorfloor holds the check that holds a role's survivor floor. It does
// not count members itself: the projection does, once for every check.
package survivorfloor

import "github.com/holdfast-gate/holdfast/gate"

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "survivorfloor", Needs: gate.Live(), Run: run, Doc: `enough members must go on serving

The worst case is taken of everything AWS may choose: dying members are gone,
arriving ones are not there yet, and every member that a group ends by itself is
a good one. A plan that takes no serving member is never refused here, so that
repairs stay possible below the floor. Pass by taking fewer members at once, by
waiting until the cluster is whole, or by declaring another survivor_floor.`}
}

func run(p *gate.Pass) error {
	p.Breaches(gate.PromiseSurvivorFloor, "survivorfloor")
	return nil
}

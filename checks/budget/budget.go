// Package budget holds the check that holds a role's disruption budget. It does
// not count members itself: the projection does, once for every check.
package budget

import "github.com/holdfast-gate/holdfast/gate"

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "budget", Needs: gate.Live(), Run: run, Doc: `no more members may be out at once than the disruption budget

The budget is counted from the declared size, never from those that happen to be
live: members that are out already use it up. Pass by bringing members into
service first, or by changing fewer at once.`}
}

func run(p *gate.Pass) error {
	p.Breaches(gate.PromiseBudget, "budget")
	return nil
}

package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// callrail2016 is the slow database, and the only standby that it had.
func callrail2016() story {
	return story{
		name:  "callrail-2016",
		year:  2016,
		title: "CallRail's slow disk and its only standby, 13 December 2016",
		plot: `A database has one standby, in another zone. Its disk is slow, the standby is being
rebuilt and is three hours behind, and the migration to larger instances was
brought forward: an apply restarts both, at once, since both say apply_immediately.
`,
		past:   3 * time.Hour,
		before: standbyFallsBehind,
		args:   []string{"-var", "class=db.r5.4xlarge", "-var", "standby_class=db.r5.4xlarge"},
		tells:  []string{"# aws_db_instance"},

		state: databases,
		over:  func(*awssim.World) string { return "calls standby" },
		legend: func(*awssim.World) string {
			return serves + " answers   " + arrives + " answers, hours behind   " + leaves + " restarting"
		},

		// Until the restart is over.
		aftermath: 6 * time.Minute,
		left:      "up to date at worst",
		final:     func(p *play) string { return fmt.Sprint(current(p)) },
		outcome:   func(p *play) string { return fmt.Sprintf("%d of 2 databases up to date at worst", current(p)) },
		lost:      "0 of 2 databases up to date at worst",
		kept:      "1 of 2 databases up to date at worst",
		code:      "standby.notready",
	}
}

// standbyFallsBehind is what happened before the apply.
func standbyFallsBehind(ctx context.Context, p *play) error {
	if err := p.terraformApply(ctx); err != nil {
		return err
	}
	p.at(-2 * time.Hour)
	p.mark("terraform has made the database and its standby")
	p.at(-5 * time.Minute)
	p.stage.World.Delay(stage.Region, "calls-standby-0", 3*time.Hour)
	p.mark("the standby is being rebuilt, three hours behind")
	p.at(-20 * time.Second)
	p.mark("apply, to give both the larger instances")
	return nil
}

// databases are the instances as one sign each, under their names.
func databases(w *awssim.World) string {
	var out []string
	for _, d := range w.Databases(stage.Region) {
		sign := leaves
		switch {
		case d.Serves && d.Behind > 0:
			sign = arrives
		case d.Serves:
			sign = serves
		}
		out = append(out, sign)
	}
	return strings.Join(out, "     ")
}

// current is the fewest databases that answered with what was written last, from
// the apply on.
func current(p *play) int {
	least := 2
	for _, signs := range since(p) {
		n := 0
		for _, s := range signs {
			if s == serves {
				n++
			}
		}
		least = min(least, n)
	}
	return least
}

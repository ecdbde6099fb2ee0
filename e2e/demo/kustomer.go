package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// kustomer is the old table whose cleanup was replicated to the new one,
// because the step that ends the replication was left out.
func kustomer() story {
	const (
		customers = 1200
		before    = "customers-2019"
		after     = "customers"
	)
	held := func(w *awssim.World) string {
		return fmt.Sprintf("%4d / %4d", w.Items(stage.Region, before), w.Items(stage.Region, after))
	}
	return story{
		name:  "kustomer-2023",
		year:  2023,
		title: "The Kustomer outage of 27 July 2023",
		plot: `The customers have moved to a larger table; a function still does to the new one
whatever is done to the old one. Cleanup has two steps: end the replication, empty
the old table. The first is left out, and the second is applied.
`,
		past: 30 * 24 * time.Hour,
		before: func(ctx context.Context, p *play) error {
			if err := p.terraformApply(ctx); err != nil {
				return err
			}
			world := p.stage.World
			world.Copies(stage.Region, "copy-customers", after)
			world.PutItems(stage.Region, before, "customer", customers, "migrated_at", world.Now())
			p.at(-7 * 24 * time.Hour)
			p.mark("both tables hold every customer")
			p.at(-20 * time.Second)
			p.mark("apply, with the replication still on")
			return nil
		},
		args:  []string{"-var", "cleanup=true"},
		tells: []string{"~ resource", "+ ttl", "+ attribute_name"},

		state: held,
		over:  func(*awssim.World) string { return "old / new" },
		legend: func(*awssim.World) string {
			return "customers in the old table, " + before + ", and in the new one, " + after
		},

		// Expired items are deleted some time after they may be.
		aftermath: 2 * time.Hour,
		left:      "customers left",
		final:     func(p *play) string { return fmt.Sprint(p.stage.World.Items(stage.Region, after)) },
		outcome: func(p *play) string {
			return fmt.Sprintf("%d of %d customers", p.stage.World.Items(stage.Region, after), customers)
		},
		lost: "0 of 1200 customers",
		kept: "1200 of 1200 customers",
		code: "replicationlive.active",
	}
}

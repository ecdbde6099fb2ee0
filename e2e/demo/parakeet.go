package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// parakeet is the search cluster that a scale-in emptied, because the members
// that were shutting down were counted. Its configuration asks for three.
func parakeet() story {
	const wanted = 3
	return story{
		name:    "parakeet-2018",
		example: "group",
		year:    2018,
		title:   "The Parakeet outage of 2 January 2018",
		plot: `A search cluster has 3 members, and Terraform's configuration says so. To migrate
its data somebody sets it to 6 by hand, ends the 3 old members by hand and, while
they are still shutting down, runs apply: the configuration still says 3.
`,
		past:   3 * time.Hour,
		before: func(ctx context.Context, p *play) error { return migrate(ctx, p, wanted) },
		tells:  []string{"~ desired_capacity"},

		state: signs,
		over:  letters,
		legend: func(w *awssim.World) string {
			return named(w) + "\n" + serves + " in service   " + arrives + " arriving   " + leaves + " shutting down   " + gone + " gone"
		},

		// Long enough for whoever is shutting down to be gone, and too short for the
		// group to put blank members in place.
		aftermath: 70 * time.Second,
		left:      "in service",
		final:     func(p *play) string { return fmt.Sprint(serving(p.stage.World)) },
		outcome:   func(p *play) string { return fmt.Sprintf("%d of %d serving", serving(p.stage.World), wanted) },
		lost:      "0 of 3 serving",
		kept:      "3 of 3 serving",
		code:      "survivorfloor.breached",
	}
}

// migrate is what was done by hand before the apply.
func migrate(ctx context.Context, p *play, wanted int) error {
	if err := p.terraformApply(ctx); err != nil {
		return err
	}
	p.at(-2 * time.Hour)
	p.mark("terraform has made the cluster")

	console := p.stage.Console()
	if err := console.Scale(ctx, 2*wanted); err != nil {
		return err
	}
	p.at(-119 * time.Minute)
	p.mark("by hand: the group is set to 6")
	p.at(-20 * time.Minute)
	p.mark("all six are in service")

	p.at(-40 * time.Second)
	members, err := console.Members(ctx)
	if err != nil {
		return err
	}
	var old []string
	for _, m := range members[:wanted] {
		old = append(old, m.ID)
	}
	if err := console.Terminate(ctx, old...); err != nil {
		return err
	}
	p.mark("by hand: the three old ones are ended")
	p.at(-20 * time.Second)
	p.mark("apply, while they are shutting down")
	return nil
}

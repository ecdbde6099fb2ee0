package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// Two more signs of members.
const (
	sick     = "▲"
	diskless = "◌"
)

// customerio is the shard whose host failed, and the disks that were mounted
// too late.
func customerio() story {
	return story{
		name:  "customerio-2018",
		year:  2018,
		title: "The day Customer.io's shard lost its host, 30 October 2018",
		plot: `Three database shards have their data on volumes of their own, which Terraform
attaches when the instance already runs: nothing makes the database wait. The
first shard has the next image; then its host fails. Nobody waits, and an apply
rolls the two others, the ones that work.
`,
		past:   3 * time.Hour,
		before: hostFails,
		args:   []string{"-var", "rolled=3"},
		tells:  []string{"# aws_instance", "# aws_volume_attachment"},

		state: shards,
		over:  letters,
		legend: func(w *awssim.World) string {
			return named(w) + "\n" + serves + " in service   " + sick + " its host fails   " + diskless + " runs without its disk   " + arrives + " arriving   " + leaves + " shutting down   " + gone + " gone"
		},

		// Until the status checks of the new shards pass.
		aftermath: 3 * time.Minute,
		left:      "in service at worst",
		final:     func(p *play) string { return fmt.Sprint(worst(p)) },
		outcome:   shardsLeft,
		lost:      "0 of 3 shards at worst, 2 started without their disk",
		kept:      "2 of 3 shards at worst, 0 started without their disk",
		code:      "sick.relied",
	}
}

// hostFails is what happened before the apply.
func hostFails(ctx context.Context, p *play) error {
	// One after the other, so that the two worlds give the same ids.
	for _, args := range [][]string{{"-target=aws_ebs_volume.data"}, {"-target=aws_instance.shard", "-var", "shards=1"}, {"-target=aws_instance.shard", "-var", "shards=2"}, {}} {
		if err := p.terraformApply(ctx, args...); err != nil {
			return err
		}
	}
	p.at(-2 * time.Hour)
	p.mark("terraform has made the shards")

	p.at(-5 * time.Minute)
	w := p.stage.World
	for _, m := range members(w) {
		if m.Tags["Name"] == "shard-0" {
			w.SetStatus(m.ID, "impaired", "")
		}
	}
	p.mark("the host of the first shard fails")
	p.at(-20 * time.Second)
	p.mark("apply, to roll the two others")
	return nil
}

// shards are the members as one sign each, and their disks with them.
func shards(w *awssim.World) string {
	var out []string
	for _, m := range members(w) {
		switch {
		case m.State == "running" && !attached(w, m.ID):
			out = append(out, diskless)
		case m.System == "impaired":
			out = append(out, sick)
		default:
			out = append(out, sign(m))
		}
	}
	return strings.Join(out, " ")
}

// attached reports whether a member has a data volume.
func attached(w *awssim.World, id string) bool {
	return slices.ContainsFunc(w.Volumes(stage.Region), func(v awssim.Volume) bool { return v.Instance == id && v.State == "attached" })
}

// since are the moments from the apply on, each as the signs of its members.
func since(p *play) [][]string {
	var out [][]string
	from := p.scenes[len(p.scenes)-1].at
	for _, m := range append([]moment{p.history.at(from)}, p.history.all()...) {
		if !m.at.Before(from) || len(out) == 0 {
			out = append(out, strings.Fields(m.state))
		}
	}
	return out
}

// worst is the fewest shards that served at one time.
func worst(p *play) int {
	least := len(members(p.stage.World))
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

// shardsLeft is what it came down to: the fewest that served, and how many of
// the new ones ran before their disk was there.
func shardsLeft(p *play) string {
	late := map[int]bool{}
	old := len(since(p)[0])
	for _, signs := range since(p) {
		for i, s := range signs {
			if s == diskless && i >= old {
				late[i] = true
			}
		}
	}
	return fmt.Sprintf("%d of %d shards at worst, %d started without their disk", worst(p), old, len(late))
}

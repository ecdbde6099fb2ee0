// Package demo plays the Parakeet outage twice, in two identical simulated
// worlds: once under plain terraform apply and once under holdfast apply. All
// that it shows is read from the worlds and from the programs it ran.
package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/tool"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// wanted is the size that the example's configuration asks for.
const wanted = 3

// Options says how the demo is played.
type Options struct {
	Holdfast string    // path of the holdfast binary to run
	Official bool      // use hashicorp/aws instead of the test provider
	Color    bool      // colour the members
	Out      io.Writer // the show
	Log      io.Writer // what takes long, and why
}

// Run plays the outage and shows it. It is an error if the worlds do not end as
// the demo claims: terraform empties the cluster, holdfast refuses and changes
// nothing.
func Run(ctx context.Context, o Options) error {
	terraform, kind, err := tool.Terraform(ctx, o.Log)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "holdfast-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	start := time.Now().Add(-3 * time.Hour).Truncate(time.Second)
	plain := &play{name: kind + " apply", terraform: terraform, program: terraform, start: start, official: o.Official, dir: dir + "/plain"}
	gated := &play{name: "holdfast apply", terraform: terraform, program: o.Holdfast, start: start, official: o.Official, dir: dir + "/gated"}
	defer plain.close()
	defer gated.close()
	introduce(o, kind, terraform)
	if err := both(plain, gated, func(p *play) error { return p.run(ctx) }); err != nil {
		return cmp.Or(ctx.Err(), err) // who interrupts the demo need not read what that broke
	}
	end := later(plain.now(), gated.now()).Add(aftermath)
	plain.finish(end)
	gated.finish(end)
	show(o, plain, gated)
	return verify(plain, gated)
}

// aftermath is how long the worlds go on: long enough for whoever is shutting
// down to be gone, and too short for the group to put blank members in place.
const aftermath = 70 * time.Second

// both does the same in both worlds at once. The worlds are the same, and so is
// what goes wrong in them: one error says it.
func both(a, b *play, do func(*play) error) error {
	var wg sync.WaitGroup
	var errs [2]error
	for i, p := range []*play{a, b} {
		wg.Go(func() { errs[i] = do(p) })
	}
	wg.Wait()
	return cmp.Or(errs[0], errs[1])
}

// introduce says what is about to be seen.
func introduce(o Options, kind, path string) {
	provider := "holdfast's test provider"
	if o.Official {
		provider = "hashicorp/aws"
	}
	fmt.Fprintf(o.Out, `The Parakeet outage of 2 January 2018, twice, in two identical simulated worlds.

A search cluster has 3 members, and Terraform's configuration says so. To migrate
its data somebody sets it to 6 by hand, ends the 3 old members by hand and, while
they are still shutting down, runs apply: the configuration still says 3.

%-10s %s, for real
%-10s %s
%-10s simulated, on loopback; no account is touched

`, kind, path, "provider", provider, "AWS")
}

// verify holds the worlds to what the demo is there to show.
func verify(plain, gated *play) error {
	var wrong []string
	if !slices.EqualFunc(plain.scenes, gated.scenes, sameMembers) {
		wrong = append(wrong, "the two worlds were not the same before the apply")
	}
	if n := plain.serving(); n != 0 {
		wrong = append(wrong, fmt.Sprintf("%s left %d members serving and should have left none", plain.name, n))
	}
	if n := gated.serving(); n != wanted {
		wrong = append(wrong, fmt.Sprintf("%s left %d members serving and should have left %d", gated.name, n, wanted))
	}
	if !gated.refused() {
		wrong = append(wrong, gated.name+" should have refused and changed nothing")
	}
	if len(wrong) > 0 {
		return errors.New("this is not what the demo is to show: " + strings.Join(wrong, "; ") + "\nReport it: either the gate or the demo is broken")
	}
	return nil
}

func sameMembers(a, b scene) bool {
	return slices.EqualFunc(a.at.Members, b.at.Members, func(a, b awssim.Instance) bool { return a.ID == b.ID && a.InService == b.InService })
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

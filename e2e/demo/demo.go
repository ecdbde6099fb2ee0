// Package demo plays the incidents, each twice, in two identical simulated
// worlds: once under plain terraform apply and once under holdfast apply. All
// that it shows is read from the worlds and from the programs it ran. It judges
// nothing itself; it fails if the worlds do not end as the story claims.
//
// An incident is a [story]: one file here, which names the example whose files
// it plays, makes what happened before the apply happen, and says how to read
// from a world what is at stake. It is added to the list in story.go.
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
)

// Options says how the demo is played.
type Options struct {
	Holdfast string    // path of the holdfast binary to run
	Official bool      // use hashicorp/aws instead of the test provider
	Color    bool      // colour the signs
	Out      io.Writer // the show
	Log      io.Writer // what takes long, and why
}

// Incidents are the names of the stories, the one that is played by default
// first.
func Incidents() []string {
	var out []string
	for _, s := range stories() {
		out = append(out, s.name)
	}
	return out
}

// Run plays one incident and shows it. It is an error if the worlds do not end
// as the story claims: terraform does the harm, holdfast refuses and changes
// nothing.
func Run(ctx context.Context, incident string, o Options) error {
	i := slices.IndexFunc(stories(), func(s story) bool { return s.name == incident })
	if i < 0 {
		return fmt.Errorf("there is no incident %q\nThere are %s", incident, strings.Join(Incidents(), ", "))
	}
	_, err := run(ctx, stories()[i], o)
	return err
}

// RunAll plays every incident, and ends with a table of them.
func RunAll(ctx context.Context, o Options) error {
	var rows []ending
	for _, s := range stories() {
		row, err := run(ctx, s, o)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		rows = append(rows, row)
	}
	w := &printer{out: o.Out, color: o.Color}
	w.endings(rows)
	return nil
}

// An ending is what one incident came down to.
type ending struct {
	story        story
	plain, gated string // what each program left
	code         string // what holdfast refused it for
}

func run(ctx context.Context, s story, o Options) (ending, error) {
	terraform, kind, err := tool.Terraform(ctx, o.Log)
	if err != nil {
		return ending{}, err
	}
	dir, err := os.MkdirTemp("", "holdfast-demo-")
	if err != nil {
		return ending{}, err
	}
	defer os.RemoveAll(dir)
	start := time.Now().Add(-s.past).Truncate(time.Second)
	plain := &play{story: s, name: kind + " apply", terraform: terraform, program: terraform, start: start, official: o.Official, dir: dir + "/plain"}
	gated := &play{story: s, name: "holdfast apply", terraform: terraform, program: o.Holdfast, start: start, official: o.Official, dir: dir + "/gated"}
	defer plain.close()
	defer gated.close()
	introduce(s, o, kind, terraform)
	if err := both(plain, gated, func(p *play) error { return p.run(ctx) }); err != nil {
		return ending{}, cmp.Or(ctx.Err(), err) // who interrupts the demo need not read what that broke
	}
	end := later(plain.now(), gated.now()).Add(s.aftermath)
	plain.finish(end)
	gated.finish(end)
	show(o, plain, gated)
	return ending{s, plain.outcome(), gated.outcome(), s.code}, verify(plain, gated)
}

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
func introduce(s story, o Options, kind, path string) {
	provider := "holdfast's test provider"
	if o.Official {
		provider = "hashicorp/aws"
	}
	fmt.Fprintf(o.Out, `%s, twice, in two identical simulated worlds.

%s
%-10s %s, for real
%-10s %s
%-10s simulated, on loopback; no account is touched

`, s.title, s.plot, kind, path, "provider", provider, "AWS")
}

// verify holds the worlds to what the story is there to show.
func verify(plain, gated *play) error {
	s := plain.story
	var wrong []string
	if plain.legend != gated.legend || !slices.EqualFunc(plain.scenes, gated.scenes, func(a, b scene) bool { return a.state == b.state }) {
		wrong = append(wrong, "the two worlds were not the same before the apply")
	}
	if got := plain.outcome(); got != s.lost {
		wrong = append(wrong, fmt.Sprintf("%s left %s and should have left %s", plain.name, got, s.lost))
	}
	if got := gated.outcome(); got != s.kept {
		wrong = append(wrong, fmt.Sprintf("%s left %s and should have left %s", gated.name, got, s.kept))
	}
	if !gated.refused() {
		wrong = append(wrong, gated.name+" should have refused and changed nothing")
	}
	if !slices.Contains(codes(gated.stderr), s.code) {
		wrong = append(wrong, gated.name+" should have named "+s.code)
	}
	if len(wrong) > 0 {
		return errors.New("this is not what the demo is to show: " + strings.Join(wrong, "; ") + "\nReport it: either the gate or the demo is broken")
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

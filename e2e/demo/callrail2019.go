package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// files is the bucket of the story.
const files = "callrail-files"

// callrail2019 is the lifecycle rule that lost its filter, and took what it was
// not meant for, and the backups of it.
func callrail2019() story {
	const (
		calls   = 965
		backups = 200
	)
	return story{
		name:  "callrail-2019",
		year:  2019,
		title: "The filter that CallRail's lifecycle rule lost, 27 June 2019",
		plot: `One bucket holds four years of calls, their backups and temporary files; a rule
expires the temporary ones after 30 days. A change that was reviewed loses the
rule's filter. The plan says that nothing is destroyed, and S3 runs the rules at
midnight UTC.
`,
		past:   30 * 24 * time.Hour,
		before: fillFiles,
		args:   []string{"-var", "rules={temporary={days=30}}"},
		tells:  []string{"~ resource", "- filter", "- prefix"},

		state: func(w *awssim.World) string {
			return fmt.Sprintf("%5d / %3d", below(w, "calls/"), below(w, "backups/"))
		},
		over:   func(*awssim.World) string { return "calls / backups" },
		legend: ages,

		// Past the next midnight UTC, whenever it is.
		aftermath: 25 * time.Hour,
		left:      "calls left after midnight UTC",
		final:     func(p *play) string { return fmt.Sprint(below(p.stage.World, "calls/")) },
		outcome: func(p *play) string {
			w := p.stage.World
			return fmt.Sprintf("%d of %d files and %d of %d backups", below(w, "calls/"), calls, below(w, "backups/"), backups)
		},
		lost: "5 of 965 files and 0 of 200 backups",
		kept: "965 of 965 files and 200 of 200 backups",
		code: "lifecyclewidened.widened",
	}
}

// fillFiles is what happened before the apply.
func fillFiles(ctx context.Context, p *play) error {
	if err := p.terraformApply(ctx); err != nil {
		return err
	}
	const day, size = 24 * time.Hour, 4 << 20
	p.at(-5 * time.Minute)
	world := p.stage.World
	for year := range 4 {
		world.FillBucket(files, fmt.Sprintf("calls/%d-years-ago/", year+1), 240, size, time.Duration(year+1)*365*day)
	}
	world.FillBucket(files, "calls/new/", 5, size, 3*day)
	world.FillBucket(files, "backups/", 200, size, 200*day)
	world.FillBucket(files, "tmp/", 20, size, 2*day)
	p.mark("four years of calls, and their backups")
	p.at(-20 * time.Second)
	p.mark("apply, with the filter removed")
	return nil
}

// below is how many objects there are with a prefix.
func below(w *awssim.World, prefix string) int {
	n := 0
	for _, o := range w.Objects(files) {
		if strings.HasPrefix(o.Key, prefix) {
			n++
		}
	}
	return n
}

// ages says how many objects there are, how old, and where.
func ages(w *awssim.World) string {
	var out strings.Builder
	for _, prefix := range []string{"calls/", "backups/", "tmp/"} {
		n, old, oldest := 0, 0, time.Duration(0)
		for _, o := range w.Objects(files) {
			if !strings.HasPrefix(o.Key, prefix) {
				continue
			}
			age := w.Now().Sub(o.At)
			n, oldest = n+1, max(oldest, age)
			if age > 30*24*time.Hour {
				old++
			}
		}
		fmt.Fprintf(&out, "%-9s %4d objects, %d of them older than 30 days, the oldest %d days\n", prefix, n, old, int(oldest.Hours()/24))
	}
	return strings.TrimRight("in bucket "+files+" of "+stage.Region+":\n"+out.String(), "\n")
}

package e2e

import (
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-gate/holdfast/e2e/stage"
)

// tables is what is done to tables without Terraform: it can be seen only on a
// simulated AWS.
func tables(ts *testscript.TestScript, args []string) {
	need(ts, len(args) > 1, "console "+args[0]+" ARG...")
	world := stageOf(ts).World
	need(ts, world != nil, "only a simulated AWS can do that")
	switch args[0] {
	case "customers":
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		world.Copies(stage.Region, "copy-customers", "customers")
		world.PutItems(stage.Region, "customers-2019", "customer", n, "migrated_at", world.Now().Add(-time.Hour))
	case "reader":
		world.Map(stage.Region, args[1], "index", "Enabled")
	case "replica":
		need(ts, len(args) == 3, "console replica TABLE REGION")
		world.AddReplica(stage.Region, args[1], args[2])
	case "backup":
		world.BackUp(stage.Region, args[1], "by-hand")
	}
}

func items(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "items TABLE N")
	world := stageOf(ts).World
	need(ts, world != nil, "only a simulated AWS can do that")
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := world.Items(stage.Region, args[0]); got != want {
		ts.Fatalf("%s: got %d items, want %d", args[0], got, want)
	}
}

package e2e

import (
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-gate/holdfast/e2e/stage"
)

// falls lets something befall a database that no request can do:
//
//	console delay ID DURATION    a replica is that far behind
//	console database ID STATUS   AWS puts an instance into a state
func falls(ts *testscript.TestScript, args []string) {
	need(ts, len(args) == 3, "console delay ID DURATION, console database ID STATUS")
	world := stageOf(ts).World
	need(ts, world != nil, "a simulated AWS")
	if args[0] == "database" {
		world.SetDatabaseStatus(stage.Region, args[1], args[2])
		return
	}
	behind, err := time.ParseDuration(args[2])
	ts.Check(err)
	world.Delay(stage.Region, args[1], behind)
}

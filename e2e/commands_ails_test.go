package e2e

import (
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// ails is what befalls a member or its disk without Terraform: it can be seen
// only on a simulated AWS.
func ails(ts *testscript.TestScript, args []string) {
	need(ts, len(args) > 1, "console "+args[0]+" N ...")
	world := stageOf(ts).World
	need(ts, world != nil, "only a simulated AWS can do that")
	id := ids(ts, args[1:2])[0]
	more := append(args[2:], "")[0]
	switch args[0] {
	case "fail":
		world.SetStatus(id, "impaired", "")
	case "retire":
		in, err := time.ParseDuration(more)
		ts.Check(err)
		// Holdfast judges now; the clock of AWS stands a little before.
		world.AddEvent(id, awssim.Event{Code: "instance-retirement", Description: "The instance is running on degraded hardware", NotBefore: world.Now().Add(in)})
	case "snapshot":
		world.Snapshot(data(ts, id))
	case "disk":
		world.SetVolumeStatus(stage.Region, data(ts, id), more, "")
	}
}

// data is the data volume of a member.
func data(ts *testscript.TestScript, member string) string {
	for _, v := range stageOf(ts).World.Volumes(stage.Region) {
		if v.Instance == member {
			return v.ID
		}
	}
	ts.Fatalf("%s has no data volume", member)
	return ""
}

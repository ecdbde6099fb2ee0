package e2e

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-gate/holdfast/e2e/stage"
)

// drifts is what somebody does at the console that only the recorded state
// shows.
func drifts(ts *testscript.TestScript, args []string) {
	switch w := world(ts); args[0] {
	case "targets":
		need(ts, len(args) == 2, "console targets NAME")
		arn := w.CreateTargetGroup(stage.Region, args[1])
		ts.Setenv("TARGETS", arn)
		ts.Setenv("TF_VAR_targets", arn)
	case "register", "deregister":
		need(ts, len(args) == 3, "console "+args[0]+" N PORT")
		ts.Check(stageOf(ts).Console().Paste(context.Background(), []string{"elbv2", args[0] + "-targets", "--region", stage.Region,
			"--target-group-arn", ts.Getenv("TARGETS"), "--targets", "Id=" + ids(ts, args[1:2])[0] + ",Port=" + args[2]}))
	case "bucket":
		need(ts, len(args) == 2, "console bucket NAME")
		w.CreateBucket(stage.Region, args[1])
	case "put":
		need(ts, len(args) == 4, "console put BUCKET KEY FILE")
		w.PutObject(args[1], args[2], []byte(ts.ReadFile(args[3])))
	case "deny":
		if w.Heal(); len(args) > 1 {
			w.Deny(args[1])
		}
	case "type":
		need(ts, len(args) == 3, "console type N KIND")
		w.SetType(ids(ts, args[1:2])[0], args[2])
	case "tag":
		need(ts, len(args) == 3, "console tag N KEY=VALUE")
		id := ids(ts, args[1:2])[0]
		list := members(ts)
		tags := maps.Clone(list[slices.IndexFunc(list, func(m stage.Member) bool { return m.ID == id })].Tags)
		key, value, set := strings.Cut(args[2], "=")
		if tags[key] = value; !set {
			delete(tags, key)
		}
		w.SetTags(id, tags)
	case "named":
		need(ts, len(args) == 3, "console named NAME IMAGE")
		ts.Check(stageOf(ts).Console().Launch(context.Background(), 1, ids(ts, args[1:2])[0], args[2]))
	}
}

package e2e

import (
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-gate/holdfast/e2e/stage"
)

// caches lets something befall a cache that no plan does:
//
//	console cache replica GROUP         a replica of its first shard begins to be made
//	console cache end NODE              a node is deleted
//	console cache delay NODE DURATION [REGION]   a replica is that far behind
//	console cache snapshot GROUP [REGION]   a complete snapshot is there
//	console cache leave GROUP REGION    it is no member of its global datastore any more
func caches(ts *testscript.TestScript, args []string) {
	need(ts, len(args) > 2, "console cache ACT ID ...")
	w := world(ts)
	switch args[1] {
	case "replica":
		w.AddCacheReplica(stage.Region, args[2], "0001")
	case "end":
		w.EndCacheNode(stage.Region, args[2])
	case "delay":
		need(ts, len(args) > 3, "console cache delay NODE DURATION [REGION]")
		behind, err := time.ParseDuration(args[3])
		ts.Check(err)
		w.DelayCache(append(args[4:], stage.Region)[0], args[2], behind)
	case "snapshot":
		w.SnapshotCache(append(args[3:], stage.Region)[0], args[2], "by-hand", "manual")
	case "leave":
		need(ts, len(args) == 4, "console cache leave GROUP REGION")
		w.LeaveGlobalCache(args[3], args[2])
	default:
		ts.Fatalf("the console cannot do that to a cache: %s", args[1])
	}
}

// nodes compares the nodes of all caches of a region, with their states where
// they are not available.
func nodes(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 0, "nodes REGION NODE..., none where there are none")
	var got []string
	for _, n := range world(ts).CacheNodes(args[0]) {
		word := n.ID
		if n.Status != "available" {
			word += ":" + n.Status
		}
		got = append(got, word)
	}
	if want := strings.Join(args[1:], " "); strings.Join(got, " ") != want {
		ts.Fatalf("nodes: got [%s], want [%s]", strings.Join(got, " "), want)
	}
}

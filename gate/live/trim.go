package live

import (
	"maps"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Trim drops the tags that no decision needs and gives the snapshot its new
// digest: a tag may hold a value that the plan calls sensitive, and nothing of
// a snapshot is hidden. What stays is Cluster, Name, AWS's own and whatever a
// selector of the config asks for.
func Trim(s *gate.Snapshot, c *gate.Config) {
	keep := map[string]bool{ClusterTag: true, "Name": true}
	for _, cluster := range c.Clusters {
		selectors := []gate.Selector{cluster.Members}
		for _, r := range cluster.Roles {
			selectors = append(selectors, r.Members)
		}
		for _, sel := range selectors {
			for key := range sel.Tags {
				keep[key] = true
			}
		}
	}
	idle := func(key, _ string) bool { return !keep[key] && !strings.HasPrefix(key, "aws:") }
	for i := range s.Members {
		maps.DeleteFunc(s.Members[i].Tags, idle)
	}
	for i := range s.Groups {
		maps.DeleteFunc(s.Groups[i].Tags, idle)
	}
	s.Digest = Digest(s)
}

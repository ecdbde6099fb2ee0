package gate_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

// TestClusters holds who is in which cluster, by what, and which groups are.
func TestClusters(t *testing.T) {
	cases(t, "clusters", func(in gate.Input) []string {
		var out []string
		for _, v := range gate.Clusters(in) {
			out = append(out, v.Cluster.Name+" in "+regions(v.Regions))
			for _, m := range v.Members {
				out = append(out, "member "+member(m))
			}
			for _, g := range v.Groups {
				line := "group " + g.Name + " in " + regions([]string{g.Region})
				if g.Absent {
					line += fmt.Sprintf(", not found, keeps %d to %d percent healthy", g.MinHealthy, g.MaxHealthy)
				}
				out = append(out, line)
			}
		}
		return out
	})
}

// regions says where, and "nowhere" where nobody knows.
func regions(names []string) string {
	return cmp.Or(strings.Join(names, ", "), "nowhere")
}

func member(m gate.MemberView) string {
	parts := []string{m.ID + " in " + regions([]string{m.Region}), m.Word()}
	for _, p := range []struct {
		is   bool
		word string
	}{{!m.Managed, "unmanaged"}, {m.Absent, "absent"}, {m.Named, "named"}, {len(m.Addresses) > 0, strings.Join(m.Addresses, " and ")}, {len(m.Former) > 0, "once " + strings.Join(m.Former, " and ")}} {
		if p.is {
			parts = append(parts, p.word)
		}
	}
	return strings.Join(parts, ", ")
}

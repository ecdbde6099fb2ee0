package demo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// The signs of members.
const (
	serves  = "●"
	arrives = "○"
	leaves  = "×"
	gone    = "·"
)

// members are those of a world, the oldest first: that order gives them their
// letters.
func members(w *awssim.World) []awssim.Instance {
	out := w.Instances(stage.Region)
	slices.SortStableFunc(out, func(a, b awssim.Instance) int {
		return cmp.Or(a.Launched.Compare(b.Launched), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// serving is how many members serve.
func serving(w *awssim.World) int {
	n := 0
	for _, i := range members(w) {
		if i.InService {
			n++
		}
	}
	return n
}

// signs are the members as one sign each.
func signs(w *awssim.World) string {
	var out []string
	for _, m := range members(w) {
		out = append(out, sign(m))
	}
	return strings.Join(out, " ")
}

func sign(i awssim.Instance) string {
	switch {
	case i.InService:
		return serves
	case i.State == "terminated":
		return gone
	case i.State == "pending", i.State == "running" && !strings.HasPrefix(i.Lifecycle, "Terminating"):
		return arrives
	}
	return leaves
}

// letters are the names of the members, over their signs.
func letters(w *awssim.World) string {
	var out []string
	for i := range members(w) {
		out = append(out, string(rune('a'+i)))
	}
	return strings.Join(out, " ")
}

// named says which letter is which member, three on a line.
func named(w *awssim.World) string {
	var out strings.Builder
	all := members(w)
	for i, m := range all {
		fmt.Fprintf(&out, "%c %s", 'a'+i, m.ID)
		if i == len(all)-1 || (i+1)%3 == 0 {
			out.WriteString("\n")
		} else {
			out.WriteString(gap)
		}
	}
	return out.String()
}

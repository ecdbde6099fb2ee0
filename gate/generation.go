package gate

import (
	"maps"
	"slices"
	"strings"
)

// A Generation is members that were made alike.
type Generation struct {
	Made    string   // image, and version of the launch template
	Members []string // ids, sorted
}

// Mixed is the generations that should be one: of one group, or of the members
// of one role that are in none.
type Mixed []Generation

func (m Mixed) String() string {
	var parts []string
	for _, g := range m {
		parts = append(parts, Count(len(g.Members), "member")+" of "+g.Made)
	}
	return strings.Join(parts, ", ")
}

// Generations returns where a cluster is of more than one generation. Those
// that are leaving still are one; of those whose image is not known nothing is
// said.
func (v *View) Generations() []Mixed {
	alike := map[string]map[string][]string{}
	for _, m := range v.Members {
		made := m.Attrs["ami"]
		if m.Absent || made == "" || m.Phase == Gone {
			continue
		}
		// In a group it is the version of the template too; other members may be
		// made from many templates.
		if t := m.Attrs["launch_template"]; m.Group != "" && t != "" {
			made += " by " + t
		}
		place := m.Region + "/" + m.Group + "/" + strings.Join(m.Roles, ",")
		if alike[place] == nil {
			alike[place] = map[string][]string{}
		}
		alike[place][made] = append(alike[place][made], m.ID)
	}
	var out []Mixed
	for _, place := range slices.Sorted(maps.Keys(alike)) {
		if len(alike[place]) < 2 {
			continue
		}
		var mixed Mixed
		for _, made := range slices.Sorted(maps.Keys(alike[place])) {
			mixed = append(mixed, Generation{made, alike[place][made]})
		}
		out = append(out, mixed)
	}
	return out
}

package gate

import (
	"maps"
	"slices"
	"strings"
)

// A Generation is members that were made alike, or nodes of one version.
type Generation struct {
	Made    string   // image, version of the launch template, instance profile; or engine version
	Members []string // ids, sorted
	What    string   // "member", "node"
}

// Mixed is the generations that should be one: of one group, of the members of
// one role that are in none, or of the nodes of one store.
type Mixed []Generation

func (m Mixed) String() string {
	var parts []string
	for _, g := range m {
		parts = append(parts, Count(len(g.Members), g.What)+" of "+g.Made)
	}
	return strings.Join(parts, ", ")
}

// Generations returns where a cluster is of more than one generation. Those
// that are leaving still are one; of those whose image is not known nothing is
// said.
func (v *View) Generations() []Mixed {
	places := map[string][]MemberView{}
	for _, m := range v.Members {
		if m.Absent || m.Attrs["ami"] == "" || m.Phase == Gone {
			continue
		}
		at := m.Region + "/" + m.Group + "/" + strings.Join(m.Roles, ",")
		places[at] = append(places[at], m)
	}
	var out []Mixed
	for _, at := range slices.Sorted(maps.Keys(places)) {
		if mixed := generations(places[at]); len(mixed) > 1 {
			out = append(out, mixed)
		}
	}
	return out
}

// generations divides members of one place by how they were made. In a group
// that is by its template; outside of one, members may be made from many
// templates, and only other versions of one of them are another generation.
func generations(members []MemberView) Mixed {
	versions, profiles := map[string]map[string]bool{}, map[string]bool{}
	for _, m := range members {
		id, version, _ := strings.Cut(m.Attrs["launch_template"], ":")
		if versions[id] == nil {
			versions[id] = map[string]bool{}
		}
		versions[id][version] = true
		if p, known := m.Attrs["instance_profile"]; known {
			profiles[p] = true
		}
	}
	alike := map[string][]string{}
	for _, m := range members {
		made := m.Attrs["ami"]
		t := m.Attrs["launch_template"]
		id, _, _ := strings.Cut(t, ":")
		if t != "" && (m.Group != "" || len(versions[id]) > 1) {
			made += " by " + t
		}
		if p, known := m.Attrs["instance_profile"]; known && len(profiles) > 1 {
			made += " with " + profileName(p)
		}
		alike[made] = append(alike[made], m.ID)
	}
	return mixedOf(alike, "member")
}

// profileName is the name of an instance profile in its ARN.
func profileName(arn string) string {
	if arn == "" {
		return "no instance profile"
	}
	return "instance profile " + arn[strings.LastIndexByte(arn, '/')+1:]
}

// Generations returns the nodes of a store by their engine version, where there
// is more than one. Of a node whose version was not read nothing is said.
func (d DataStore) Generations() Mixed {
	alike := map[string][]string{}
	for _, n := range d.Nodes {
		if n.Version != "" && n.Phase != Gone {
			alike[n.Version] = append(alike[n.Version], n.ID)
		}
	}
	if len(alike) < 2 {
		return nil
	}
	return mixedOf(alike, "node")
}

func mixedOf(alike map[string][]string, what string) Mixed {
	var mixed Mixed
	for _, made := range slices.Sorted(maps.Keys(alike)) {
		mixed = append(mixed, Generation{made, alike[made], what})
	}
	return mixed
}

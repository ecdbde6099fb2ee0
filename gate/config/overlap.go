package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// overlaps reports clusters of which one certainly holds members of another. A
// member in two clusters is counted twice and promised twice. Selectors that
// only may meet (two different tags) are judged when the members are known.
func (d *decoder) overlaps(all []declared) {
	for i, b := range all {
		for _, a := range all[:i] {
			// The same name is a mistake of its own.
			if a.bad || b.bad || a.Name == b.Name {
				continue
			}
			if why := shared(a.Cluster, b.Cluster); why != "" {
				d.fail(b.at, "Overlapping clusters", "%q and %q, at %s, have members in common: %s. Make them one cluster with two roles, or select more narrowly.", b.Name, a.Name, place(a.at), why)
			}
		}
	}
}

// shared says what two clusters certainly have in common, or "".
func shared(ca, cb gate.Cluster) string {
	a, b := ca.Members, cb.Members
	for _, g := range a.Groups {
		if slices.Contains(b.Groups, g) {
			return fmt.Sprintf("both name the group %q", g)
		}
	}
	for _, x := range a.Addresses {
		for _, y := range b.Addresses {
			if covers(x, y) || covers(y, x) {
				return fmt.Sprintf("both name %s", longer(x, y))
			}
		}
	}
	switch {
	case len(a.Tags) == 0 || len(b.Tags) == 0:
		return ""
	case implies(a.Tags, b.Tags) && implies(b.Tags, a.Tags):
		return "both select the same tags"
	case implies(a.Tags, b.Tags):
		return fmt.Sprintf("every member with the tags of %q has those of %q", ca.Name, cb.Name)
	case implies(b.Tags, a.Tags):
		return fmt.Sprintf("every member with the tags of %q has those of %q", cb.Name, ca.Name)
	}
	return ""
}

// covers reports whether the address x names y too: itself, or all instances of
// the resource that y is one of.
func covers(x, y string) bool {
	rest, ok := strings.CutPrefix(y, x)
	return ok && (rest == "" || rest[0] == '[' && strings.IndexByte(rest, ']') == len(rest)-1)
}

func longer(x, y string) string {
	if len(x) > len(y) {
		return x
	}
	return y
}

// implies reports whether whatever carries the tags strict carries the tags
// loose as well.
func implies(strict, loose map[string]string) bool {
	for key, want := range loose {
		got, ok := strict[key]
		if !ok || want != "*" && got != want {
			return false
		}
	}
	return true
}

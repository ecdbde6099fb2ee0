package report

import (
	"fmt"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// A Place is where something is written: a file, relative to where the report
// is read, with slashes, and a line and a column from 1.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// String is a place as editors take it, "main.tf:3:1".
func (p Place) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// at is where an address that a finding is about is written: of its own
// addresses the first that has a place.
func (o Options) at(k known, f gate.Finding) (Place, bool) {
	return o.first(k.of(f))
}

func (o Options) first(addresses []string) (Place, bool) {
	if o.Place == nil {
		return Place{}, false
	}
	for _, a := range addresses {
		if p, ok := o.Place(a); ok {
			return p, true
		}
	}
	return Place{}, false
}

// somewhere is a place for a finding where every finding must have one: its
// own, else that of what the plan does to its cluster or records of it, else
// the beginning of the configuration. Files outside of the repository are no
// place for a program.
func (o Options) somewhere(v gate.Verdict, k known, f gate.Finding) Place {
	candidates := k.of(f)
	if c := find(v.Clusters, f.Cluster); c != nil {
		for _, e := range c.Effects {
			candidates = append(candidates, e.Address)
		}
		for _, r := range c.Recorded {
			candidates = append(candidates, r.Address)
		}
		for _, m := range c.Members {
			candidates = append(candidates, m.Addresses...)
		}
	}
	inside := o
	inside.Place = func(address string) (Place, bool) {
		if o.Place == nil {
			return Place{}, false
		}
		p, ok := o.Place(address)
		return p, ok && !strings.HasPrefix(p.File, "../")
	}
	if p, ok := inside.first(candidates); ok {
		return p
	}
	if o.Root.File == "" || strings.HasPrefix(o.Root.File, "../") {
		return Place{File: ".", Line: 1, Column: 1}
	}
	return o.Root
}

// places are the places of all addresses that findings are about.
func (o Options) places(v gate.Verdict) map[string]Place {
	out := map[string]Place{}
	k := knownTo(v)
	for _, f := range v.Findings {
		for _, a := range k.of(f) {
			if p, ok := o.first([]string{a}); ok {
				out[a] = p
			}
		}
	}
	return out
}

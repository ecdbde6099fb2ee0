// Package drift compares what Terraform recorded with what is live, cluster by
// cluster, without a plan: recorded x live -> differences. It reads nothing and
// decides nothing.
package drift

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// The codes of differences. They are stable, and those of the checks that judge
// the same once there is a plan.
const (
	Size        = "drifted.size"        // a group's desired, least or most members
	Template    = "drifted.template"    // launch template, launch configuration or image
	Attribute   = "drifted.attribute"   // type, zones, subnets, suspended processes, target groups
	Tags        = "drifted.tags"        // tags that make nobody a member
	Membership  = "drifted.membership"  // tags that do
	Stopped     = "drifted.state"       // recorded as running, and is not
	Gone        = "drifted.gone"        // recorded, and no longer there
	Renamed     = "drifted.renamed"     // recorded and gone, and an undeclared member has its name
	Twice       = "drifted.twice"       // recorded under two addresses
	Detached    = "drifted.detached"    // recorded in a target group, and not there
	Port        = "drifted.port"        // there on another port
	Unmanaged   = "unmanaged.members"   // live, counts, and no state has an address for it
	Surplus     = "unmanaged.surplus"   // a group has more members than its recorded size
	Target      = "unmanaged.targets"   // in a cluster's target group, and nobody put it there that a state knows
	Generations = "drifted.generations" // members of one group or role with different images, template versions or profiles; nodes of one store with different engine versions
)

// A Difference is one fact: live differs from what was recorded.
type Difference struct {
	Code      string   `json:"code"`
	Cluster   string   `json:"cluster"`
	Region    string   `json:"region,omitempty"`
	Address   string   `json:"address,omitempty"`   // that records it; empty if none does
	Ref       string   `json:"ref,omitempty"`       // id of the member or name of the group; empty for several
	Attribute string   `json:"attribute,omitempty"` // of the resource; empty where it is about all of it
	Recorded  string   `json:"recorded,omitempty"`
	Live      string   `json:"live,omitempty"`
	Members   []string `json:"members,omitempty"` // ids it is about, sorted
	Message   string   `json:"message"`           // one sentence: who, both sides
	Ignored   string   `json:"ignored,omitempty"` // why it is accepted; empty: it is not
	Until     string   `json:"until,omitempty"`   // last day that it is
	Baseline  bool     `json:"baseline,omitempty"`

	value any               // Live as Terraform would have it
	place gate.Registration // of a difference about a target group
	store gate.DataStore    // of one about a store
}

// Accepted reports whether a rule or a baseline says that a difference is known.
func (d Difference) Accepted() bool { return d.Ignored != "" || d.Baseline }

// Key is what makes a difference the same one tomorrow.
func (d Difference) Key() string {
	return strings.Join([]string{d.Code, d.Cluster, d.Address, d.Ref, d.Attribute, d.Recorded, d.Live, strings.Join(d.Members, ",")}, "|")
}

// Plan is recorded states as a plan that changes nothing: what is read, and
// into which clusters it falls, is decided as for any plan.
func Plan(states []*gate.State, now time.Time) *gate.Plan {
	p := &gate.Plan{FormatVersion: "1.2", Complete: gate.Yes, Applyable: gate.No, CreatedAt: now}
	type identity struct{ address, id, deposed string }
	seen := map[identity]bool{}
	for _, s := range states {
		p.Digest, p.TerraformVersion = cmp.Or(p.Digest, s.Digest), cmp.Or(p.TerraformVersion, s.TerraformVersion)
		for _, o := range s.Objects {
			// The same state may be seen twice: as its backend has it, and as Terraform shows it.
			if i := (identity{o.Address, o.ID, o.Deposed}); !seen[i] {
				seen[i] = true
				p.Changes = append(p.Changes, o)
			}
		}
		p.Regions, p.Accounts = append(p.Regions, s.Regions...), append(p.Accounts, s.Accounts...)
	}
	slices.Sort(p.Regions)
	slices.Sort(p.Accounts)
	p.Regions, p.Accounts = slices.Compact(p.Regions), slices.Compact(p.Accounts)
	p.Resources = len(p.Changes)
	return p
}

// Compare returns every difference between states and a snapshot, sorted by
// cluster, code, address and id.
func Compare(states []*gate.State, s *gate.Snapshot, c *gate.Config, now time.Time) []Difference {
	var out []Difference
	plan := Plan(states, now)
	for _, v := range gate.Clusters(gate.Input{Now: now, Config: c, Plan: plan, Snapshot: s}) {
		// A cluster that no state knows is not drift: it is somebody else's.
		if len(v.Recorded) == 0 {
			continue
		}
		out = append(out, cluster(v, s)...)
	}
	out = append(out, stores(plan.Changes, s)...)
	if SecretTags(plan.Changes) {
		out = slices.DeleteFunc(out, func(d Difference) bool { return d.Code == Tags })
	}
	for i := range out {
		if rule, ok := c.Drift.Ignored(out[i].Address, out[i].Attribute, now); ok {
			out[i].Ignored, out[i].Until = rule.Reason, rule.Expires
		}
	}
	slices.SortStableFunc(out, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Attribute, b.Attribute))
	})
	return out
}

func cluster(v *gate.View, s *gate.Snapshot) []Difference {
	var out []Difference
	for _, c := range v.Recorded {
		switch c.Type {
		case "aws_autoscaling_group":
			out = append(out, group(v, c)...)
		case "aws_instance":
			out = append(out, member(v, s, c)...)
		}
	}
	out = append(out, undeclared(v, heirs(out))...)
	out = append(out, generations(v)...)
	out = append(out, targets(v)...)
	for i := range out {
		out[i].Cluster = v.Cluster.Name
		slices.Sort(out[i].Members)
	}
	return out
}

// differ makes the difference of one attribute, if there is one.
func differ(v *gate.View, c gate.Change, code, attribute string, recorded, live any) []Difference {
	a, b := text(recorded), text(live)
	if a == b {
		return nil
	}
	return []Difference{{Code: code, Region: c.Region, Address: c.Address, Ref: c.ID, Attribute: attribute, Recorded: a, Live: b, value: live,
		Message: fmt.Sprintf("%s of %s in %s is recorded as %s and is %s", attribute, c.Address, v.Cluster.Name, a, b)}}
}

// text writes a value on one line. Null and an empty list are the same: the
// provider writes one for the other.
func text(v any) string {
	if list, ok := v.([]any); ok && len(list) == 0 {
		v = nil
	}
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "something"
	}
	return string(b)
}

// list is strings as Terraform has them, sorted.
func list(of []string) any {
	out := make([]any, len(of))
	for i, s := range slices.Sorted(slices.Values(of)) {
		out[i] = s
	}
	return out
}

// SecretTags reports whether any tag of recorded objects is sensitive. Then no
// tag is compared but those that make members: another member may have the same
// secret, and of what was read only they are kept.
func SecretTags(objects []gate.Change) bool {
	return slices.ContainsFunc(objects, secretTags)
}

func secretTags(c gate.Change) bool {
	return slices.ContainsFunc(c.Sensitive, func(s string) bool { return strings.HasPrefix(s, "tag") })
}

// tags compares the tags of a resource. AWS's own are never recorded.
func tags(v *gate.View, c gate.Change, live map[string]string) []Difference {
	// A tag that was dropped because it is sensitive cannot be compared.
	if secretTags(c) {
		return nil
	}
	recorded := c.Before.Tags()
	selecting := map[string]bool{"Cluster": true}
	for k := range v.Cluster.Members.Tags {
		selecting[k] = true
	}
	for _, r := range v.Cluster.Roles {
		for k := range r.Members.Tags {
			selecting[k] = true
		}
	}
	keys := map[string]bool{}
	for _, m := range []map[string]string{recorded, live} {
		for k := range m {
			keys[k] = !strings.HasPrefix(k, "aws:")
		}
	}
	var out []Difference
	for k, ours := range keys {
		was, had := recorded[k]
		is, has := live[k]
		if !ours || had == has && was == is {
			continue
		}
		d := Difference{Code: Tags, Region: c.Region, Address: c.Address, Ref: c.ID, Attribute: "tags", Recorded: tag(k, was, had), Live: tag(k, is, has)}
		if selecting[k] {
			d.Code = Membership
		}
		d.Message = fmt.Sprintf("the tags of %s in %s are recorded with %s and are %s", c.Address, v.Cluster.Name, d.Recorded, d.Live)
		out = append(out, d)
	}
	return out
}

func tag(key, value string, there bool) string {
	if !there {
		return "no " + key
	}
	return key + "=" + value
}

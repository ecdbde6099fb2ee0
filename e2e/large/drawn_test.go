package large

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// drawn is a plan, a world and a config that chance makes.
type drawn struct {
	*rand.Rand
	p gate.Plan
	w *world
	c *gate.Config
	n int // of ids
}

func (d *drawn) one(in int) bool { return d.IntN(in) == 0 }

func (d *drawn) draw() {
	d.p = gate.Plan{FormatVersion: "1.2", Complete: gate.Yes, Applyable: gate.Yes, CreatedAt: now, Regions: []string{"us-east-1", "us-west-2"}}
	d.w.sources(d.p.Regions)
	d.c = gate.DefaultConfig()
	clusters := 3 + d.IntN(6)
	for i := range clusters {
		name := fmt.Sprintf("c%d", i)
		// What a cluster is called depends on its namesakes, which may be among what
		// is left out: there are none.
		region := d.p.Regions[min(1, i/6)]
		if d.one(4) {
			name = fmt.Sprintf("g%d", i)
			d.group(name, region)
		} else {
			d.instances(name, region)
		}
		if d.one(4) {
			d.declare(name)
		}
	}
	if d.one(8) {
		i := d.IntN(len(d.w.Members) + 1)
		if i < len(d.w.Members) {
			d.p.Actions = append(d.p.Actions, gate.ActionCall{Address: "action.aws_ec2_stop_instance.a", Type: "aws_ec2_stop_instance", Members: []string{d.w.Members[i].ID}})
		}
	}
	d.p.Resources = len(d.p.Changes)
	for i := range d.w.Groups {
		d.w.Groups[i].Operations = d.operations()
	}
}

// operations are what a group does or did. Most of it keeps a plan from changing
// the group.
func (d *drawn) operations() []gate.Operation {
	op := gate.Operation{Kind: "activity", ID: "a", Raw: "Successful", Phase: gate.Steady, Start: now.Add(-time.Hour), End: now.Add(-time.Hour)}
	switch d.IntN(4) {
	case 0:
		op.Raw, op.Phase, op.End = "InProgress", gate.Changing, time.Time{}
	case 1:
		op.End = now.Add(-time.Second)
	case 2:
		op.Kind, op.Raw, op.Phase = "refresh", "unheard of", gate.PhaseUnknown
	}
	return []gate.Operation{op}
}

func (d *drawn) declare(name string) {
	role := gate.Role{SurvivorFloor: d.IntN(4), Quorum: d.one(2)}
	c := gate.Cluster{Name: name, Roles: []gate.Role{role}, Settle: gate.DefaultSettle}
	switch d.IntN(4) {
	case 0:
		c.Members.Addresses = []string{"aws_instance." + name}
	case 1:
		c.Members.Groups = []string{name}
	case 2:
		c.Members.Tags = map[string]string{"Role": name}
	default:
		c.Members.Tags = map[string]string{"Cluster": name}
	}
	d.c.Clusters = append(d.c.Clusters, c)
}

func (d *drawn) id(prefix string) string {
	d.n++
	return fmt.Sprintf("%s-%04x%d", prefix, d.n*0x9e37&0xffff, d.n)
}

func attrs(id, region string, tags map[string]string) gate.Attrs {
	in := map[string]any{}
	for k, v := range tags {
		in[k] = v
	}
	return gate.Attrs{"id": id, "region": region, "tags": in, "tags_all": in, "availability_zone": region + "a"}
}

// act is what a plan does to a resource, most of the time nothing.
func (d *drawn) act(quiet bool, c gate.Change) {
	c.Resource, c.Region, c.Provider = gate.Unkeyed(c.Address), c.Before.String("region"), "registry.terraform.io/hashicorp/aws"
	if !quiet && d.one(3) {
		c.Action = []gate.Action{gate.Delete, gate.Update, gate.ReplaceDeleteFirst, gate.Forget}[d.IntN(4)]
	}
	switch c.Action {
	case gate.Delete, gate.Forget:
		c.After = nil
	case gate.Update:
		c.Changed = []string{[]string{"tags", "instance_type", "device_name"}[d.IntN(3)]}
	}
	if d.one(25) {
		drift := c
		drift.Action, drift.Changed = gate.Update, []string{"instance_type"}
		drift.After = maps.Clone(c.Before)
		drift.After["instance_type"] = "t3.nano"
		d.p.Drift = append(d.p.Drift, drift)
	}
	d.p.Changes = append(d.p.Changes, c)
}

// instances makes a cluster of instances of a resource with a count, most of
// them tagged.
func (d *drawn) instances(name, region string) {
	quiet := !d.one(3)
	tags := map[string]string{"Name": name}
	if !d.one(3) {
		tags["Cluster"] = name
	}
	if d.one(3) {
		tags["Role"] = fmt.Sprintf("c%d", d.IntN(4))
	}
	var target string
	if d.one(4) {
		target = "arn:aws:elasticloadbalancing:" + region + ":123456789012:targetgroup/" + name + "/1"
		a := gate.Attrs{"id": target, "arn": target, "region": region, "name": name}
		d.act(!d.one(4), gate.Change{Address: "aws_lb_target_group." + name, Type: "aws_lb_target_group", Action: gate.NoOp, ID: target, Before: a, After: a})
	}
	disks := d.one(3)
	several := d.one(4) // the resource makes more clusters than one, and who is in none
	for i := range 1 + d.IntN(5) {
		id := d.id("i")
		if several {
			tags = maps.Clone(tags)
			delete(tags, "Cluster")
			if n := d.IntN(3); n > 0 {
				tags["Cluster"] = fmt.Sprintf("%s-%d", name, n)
			}
		}
		address := fmt.Sprintf("aws_instance.%s[%d]", name, i)
		a := attrs(id, region, tags)
		d.act(quiet, gate.Change{Address: address, Indexed: true, Type: "aws_instance", Action: gate.NoOp, ID: id, Before: a, After: a})
		m := runs(id, region, maps.Clone(tags))
		if d.one(20) {
			// Somebody has tagged it anew since.
			to := d.IntN(6)
			if region == "us-west-2" {
				to = 6 + d.IntN(3)
			}
			m.Tags["Cluster"] = fmt.Sprintf("c%d", to)
		}
		if d.one(12) {
			m.Observed[0].Raw, m.Observed[0].Phase, m.Observed[0].Serving = "shutting-down", gate.Leaving, gate.ServingNo
			m.Join()
		}
		if target != "" {
			m.Targets = []string{target}
			if d.one(2) {
				t := gate.Attrs{"id": id + target, "region": region, "target_id": id, "target_group_arn": target}
				d.act(quiet, gate.Change{Address: fmt.Sprintf("aws_lb_target_group_attachment.%s[%d]", name, i), Type: "aws_lb_target_group_attachment", Action: gate.NoOp, ID: id + target, Before: t, After: t})
			}
		}
		if disks {
			d.disk(quiet, name, region, i, &m)
		}
		if !d.one(10) {
			d.w.Members = append(d.w.Members, m)
		}
	}
	if d.one(5) {
		d.w.Members = append(d.w.Members, runs(d.id("i"), region, maps.Clone(tags)))
	}
}

// disk makes a volume of a member; now and then another has it by now.
func (d *drawn) disk(quiet bool, name, region string, i int, m *gate.Member) {
	id := d.id("vol")
	v := gate.Attrs{"id": id, "region": region, "availability_zone": region + "a"}
	d.act(quiet || !d.one(4), gate.Change{Address: fmt.Sprintf("aws_ebs_volume.%s[%d]", name, i), Type: "aws_ebs_volume", Action: gate.NoOp, ID: id, Before: v, After: v})
	a := gate.Attrs{"id": id + m.ID, "region": region, "instance_id": m.ID, "volume_id": id, "device_name": "/dev/sdf"}
	d.act(quiet, gate.Change{Address: fmt.Sprintf("aws_volume_attachment.%s[%d]", name, i), Type: "aws_volume_attachment", Action: gate.NoOp, ID: id + m.ID, Before: a, After: a})
	owner := m
	if len(d.w.Members) > 0 && d.one(10) {
		owner = &d.w.Members[d.IntN(len(d.w.Members))]
	}
	if !d.one(15) {
		owner.Volumes = append(owner.Volumes, gate.Attached{Volume: id, Device: "/dev/sdf", State: "attached"})
	}
}

// group makes a cluster of a group. Now and then an instance of the plan is in
// it, too.
func (d *drawn) group(name, region string) {
	n := 1 + d.IntN(4)
	tags := map[string]string{"Cluster": name}
	a := attrs(name, region, tags)
	a["name"], a["desired_capacity"], a["min_size"], a["max_size"] = name, float64(n), 0.0, 9.0
	d.act(!d.one(3), gate.Change{Address: "aws_autoscaling_group." + name, Type: "aws_autoscaling_group", Action: gate.NoOp, ID: name, Before: a, After: a})
	g := gate.Group{Name: name, Region: region, Tags: tags, Desired: n, Max: 9, MinHealthy: -1, MaxHealthy: -1, Asked: true}
	if d.one(12) {
		return
	}
	d.w.Groups = append(d.w.Groups, g)
	for range n {
		m := runs(d.id("i"), region, tags)
		m.Group, m.Counted = name, true
		d.w.Members = append(d.w.Members, m)
	}
	if len(d.w.Members) > n && d.one(6) {
		d.w.Members[d.IntN(len(d.w.Members)-n)].Group = name
	}
}

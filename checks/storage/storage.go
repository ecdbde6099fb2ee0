// Package storage holds the check of the disks of members that a plan takes or
// leaves. It does not judge the loss of a volume: attachments and lastcopy do.
package storage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// cooldown is how long AWS refuses another modification of a volume
// (aws-semantics 3.2).
const cooldown = 6 * time.Hour

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "storage", Needs: gate.Live(), Asks: asks, May: sources(), Run: run, Doc: `members must not be taken while the disks of others are slow or broken

A member whose volume is impaired, degraded or being modified still looks well,
and is the one that must carry on when others go: CallRail took a restart while
its standby was not ready. A restart of a member on such a disk may not come
back. Pass by waiting until the volumes are ok, or by replacing exactly the
members whose volumes are impaired. Adding members is never refused here.`}
}

func sources() []string {
	return []string{gate.SourceVolumes, gate.SourceVolumeStatus, gate.SourceModifications}
}

// asks are the sources about volumes, in every region where the plan does more
// to members than add them.
func asks(p *gate.Plan) []gate.Ask {
	about := map[string][]string{}
	for _, c := range p.Changes {
		if disturbs(c) {
			about[c.Region] = append(about[c.Region], volumes(c)...)
		}
	}
	for _, a := range p.Actions {
		// An action does not say where it acts.
		if len(a.Members) > 0 {
			for _, r := range p.Regions {
				about[r] = append(about[r], a.Members...)
			}
		}
	}
	var out []gate.Ask
	for region, ids := range about {
		for _, source := range sources() {
			out = append(out, gate.Ask{Source: source, Region: region, About: ids})
		}
	}
	slices.SortFunc(out, func(a, b gate.Ask) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Source, b.Source))
	})
	return out
}

// disturbs reports whether a change may take a member, or modifies a disk.
func disturbs(c gate.Change) bool {
	switch c.Type {
	case "aws_instance", "aws_autoscaling_group", "aws_launch_template":
		return c.Action.Ends() || c.Action == gate.Update && slices.ContainsFunc(c.Changed, func(n string) bool {
			return !slices.Contains([]string{"tags", "tags_all", "tag", "volume_tags"}, n)
		})
	case "aws_volume_attachment", "aws_lb_target_group_attachment", "aws_alb_target_group_attachment":
		return c.Action.Ends()
	case "aws_ebs_volume":
		return c.Action.Ends() || modifies(c)
	case "aws_ec2_instance_state":
		return c.Action != gate.NoOp && c.Action != gate.Forget && c.Action != gate.Read
	}
	return false
}

// modifies reports whether a change makes AWS modify a volume.
func modifies(c gate.Change) bool {
	return c.Type == "aws_ebs_volume" && c.Action == gate.Update && slices.ContainsFunc(c.Changed, func(n string) bool {
		return slices.Contains([]string{"size", "iops", "throughput", "type"}, n)
	})
}

// volumes are the volumes that a change names.
func volumes(c gate.Change) []string {
	switch {
	case c.Type == "aws_ebs_volume" && c.ID != "":
		return []string{c.ID}
	case c.Type == "aws_volume_attachment" && c.Before.String("volume_id") != "":
		return []string{c.Before.String("volume_id")}
	}
	return nil
}

func run(p *gate.Pass) error {
	again(p)
	if !p.Cluster.Takes() {
		return nil
	}
	bad := map[string][]string{}
	for _, m := range p.Cluster.Members {
		if why := ailments(p, m); len(why) > 0 {
			bad[m.ID] = why
		}
	}
	if len(bad) == 0 {
		return nil
	}
	for _, r := range p.Cluster.Roles {
		relied(p, r, bad)
	}
	restarted(p, bad)
	return nil
}

// ailments are what is wrong with the volumes of a member, in words.
func ailments(p *gate.Pass, m gate.MemberView) []string {
	if m.Phase == gate.Gone {
		return nil
	}
	var out []string
	for _, a := range m.Volumes {
		d, read := p.Snapshot.DataStore(gate.KindVolume, m.Region, a.Volume)
		if !read {
			// A disk of which nothing is known may be the slow one.
			out = append(out, a.Volume+" is not known")
		}
		for _, o := range d.Observed {
			if o.Opinion && (o.Phase != gate.Steady || o.Serving != gate.ServingYes) {
				if what := a.Volume + " " + o.Raw; !slices.Contains(out, what) {
					out = append(out, what)
				}
			}
		}
	}
	return out
}

// relied refuses a plan that leaves too few once those on bad disks do not
// count. The members that it takes itself are not relied on.
func relied(p *gate.Pass, r gate.Projection, bad map[string][]string) {
	var left []string
	for _, id := range r.Serving {
		if bad[id] != nil && !slices.Contains(r.Victims, id) && !slices.Contains(r.Stops, id) {
			left = append(left, id)
		}
	}
	needs := r.Strictest()
	if len(left) == 0 || !r.Costs() || r.During-len(left) >= needs.Needs {
		return
	}
	p.Report(gate.Finding{Code: "storage.relied", Decision: gate.Block, Role: r.Role.Name, Subjects: left,
		Message: fmt.Sprintf("%s would keep %d serving, and %d of them on disks that are not ok, it needs %d: %s", p.Cluster.Title(r), r.During, min(len(left), r.During), needs.Needs, says(left, bad)),
		Remedy:  "wait until the volumes are ok, or replace exactly " + few(left) + " first", Evidence: evidence(p, left)})
}

// restarted refuses to stop and start members on bad disks: they may not come
// back. Ending them is a repair.
func restarted(p *gate.Pass, bad map[string][]string) {
	var ids []string
	for _, e := range p.Cluster.Effects {
		for _, id := range e.Stops {
			if bad[id] != nil {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) > 0 {
		p.Report(gate.Finding{Code: "storage.restarted", Decision: gate.Block, Subjects: ids,
			Message: fmt.Sprintf("the plan stops and starts %s of %s on disks that are not ok: %s", gate.Count(len(ids), "member"), p.Cluster.Cluster.Name, says(ids, bad)),
			Remedy:  "wait until the volumes are ok, then plan again", Evidence: evidence(p, ids)})
	}
}

// again refuses another modification of a volume that AWS will not take: the
// apply would fail half way.
func again(p *gate.Pass) {
	for _, c := range p.Plan.Changes {
		if !modifies(c) || !slices.ContainsFunc(p.Cluster.Recorded, func(r gate.Change) bool { return r.Address == c.Address && r.Deposed == c.Deposed }) {
			continue
		}
		d, _ := p.Snapshot.DataStore(gate.KindVolume, c.Region, c.ID)
		for _, o := range d.Observed {
			fresh := !o.Since.IsZero() && p.Now.Sub(o.Since) < cooldown
			if o.Field == "ec2.VolumeModificationState" && o.Raw != "failed" && (o.Phase != gate.Steady || fresh) {
				p.Report(gate.Finding{Code: "storage.modified", Decision: gate.Block, Subjects: []string{c.Address, c.ID},
					Message:  fmt.Sprintf("%s changes volume %s, whose last modification is %s%s: AWS takes one in %d hours", c.Address, c.ID, o.Raw, since(p.Now, o.Since), int(cooldown.Hours())),
					Remedy:   "wait until it has completed and the time is over, then plan again",
					Evidence: []gate.Evidence{{Source: o.Source, Ref: c.ID, Field: o.Field, Got: o.Raw, Since: o.Since}}})
			}
		}
	}
}

func since(now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", begun " + now.Sub(t).Round(time.Minute).String() + " ago"
}

// says names a few of the members and what is wrong with them, and counts the
// rest.
func says(ids []string, bad map[string][]string) string {
	var out []string
	for _, id := range ids[:min(len(ids), shown)] {
		out = append(out, id+" ("+few(bad[id])+")")
	}
	if more := len(ids) - shown; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}

const shown = 3

func few(words []string) string {
	if more := len(words) - shown; more > 0 {
		return strings.Join(words[:shown], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(words, ", ")
}

func evidence(p *gate.Pass, ids []string) []gate.Evidence {
	var out []gate.Evidence
	for _, m := range p.Cluster.Members {
		if !slices.Contains(ids, m.ID) {
			continue
		}
		for _, a := range m.Volumes {
			d, _ := p.Snapshot.DataStore(gate.KindVolume, m.Region, a.Volume)
			for _, o := range d.Observed {
				if o.Opinion && (o.Phase != gate.Steady || o.Serving != gate.ServingYes) {
					out = append(out, gate.Evidence{Source: o.Source, Ref: a.Volume, Field: o.Field, Got: o.Raw, Since: o.Since})
				}
			}
		}
	}
	return out
}

package drift

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// targets compares the recorded places of members in target groups, one by one,
// with those they have.
func targets(v *gate.View) []Difference {
	var out []Difference
	for _, r := range v.Lost {
		d := placeOf(r)
		d.Code, d.Attribute, d.Recorded, d.Live = Detached, "target_id", recordedPlace(r), "not registered"
		d.Message = fmt.Sprintf("%s of %s, %s, is recorded in target group %s and is not there", r.Address, v.Cluster.Name, r.Member, d.Recorded)
		if len(r.Live) > 0 {
			d.Code, d.Attribute, d.Recorded, d.Live = Port, "port", strconv.Itoa(r.Port), portList(r.Live)
			d.Message = fmt.Sprintf("%s of %s, %s, is recorded in target group %s on port %s and is there on port %s", r.Address, v.Cluster.Name, r.Member, r.TargetGroup(), d.Recorded, d.Live)
		}
		out = append(out, d)
	}
	if v.Cluster.Unmanaged == gate.Allow {
		return out
	}
	for _, r := range v.Undeclared {
		d := placeOf(r)
		d.Code, d.Attribute, d.Recorded, d.Live = Target, "target_id", "nothing", recordedPlace(r)
		d.Message = fmt.Sprintf("%s is in target group %s of %s, and no state has put it there", r.Member, d.Live, v.Cluster.Name)
		out = append(out, d)
	}
	return out
}

func placeOf(r gate.Registration) Difference {
	return Difference{Region: r.Region, Address: r.Address, Ref: r.Member, Members: []string{r.Member}, place: r}
}

// recordedPlace is a target group and the port in it, "web:80".
func recordedPlace(r gate.Registration) string {
	if r.Port == 0 {
		return r.TargetGroup()
	}
	return r.TargetGroup() + ":" + strconv.Itoa(r.Port)
}

func portList(ports []int) string {
	var out []string
	for _, p := range ports {
		out = append(out, strconv.Itoa(p))
	}
	return strings.Join(out, ", ")
}

// placed is the way out of a difference about a place in a target group.
func placed(d Difference, a Around) []Step {
	r := d.place
	switch d.Code {
	case Detached:
		at := a.Where(d.Address, "target_id")
		if at != "" {
			at = " at " + at
		}
		return []Step{
			{"To restore what was recorded, if it should get traffic", register(r, r.Port)},
			{"To keep what is live, take the block of " + d.Address + at + " out of the configuration, then", record},
		}
	case Port:
		restore := []string{register(r, r.Port)}
		for _, port := range r.Live {
			restore = append(restore, deregister(r, port))
		}
		return []Step{
			{"To restore what was recorded: first the port it should have, then not the other", strings.Join(restore, "\n")},
			{"To keep what is live", edit(d, a.Where) + "\nholdfast apply   # registers what is registered already; changes nothing in AWS"},
		}
	}
	name := fmt.Sprintf("adopted_%s_%d", strings.ReplaceAll(strings.TrimPrefix(r.Member, "i-"), "-", "_"), r.Port)
	return []Step{
		{"To keep what is live, paste this beside the configuration, and apply: it registers what is registered already",
			fmt.Sprintf("resource \"aws_lb_target_group_attachment\" %s {\n  target_group_arn = %s\n  target_id        = %s\n  port             = %d\n}", hcl(name), hcl(r.Group), hcl(r.Member), r.Port)},
		{"To let it get no more traffic", deregister(r, r.Port)},
	}
}

func register(r gate.Registration, port int) string { return elb("register-targets", r, port) }

func deregister(r gate.Registration, port int) string { return elb("deregister-targets", r, port) }

func elb(call string, r gate.Registration, port int) string {
	target := "Id=" + r.Member
	if port != 0 {
		target += ",Port=" + strconv.Itoa(port)
	}
	return fmt.Sprintf("aws elbv2 %s --region %s --target-group-arn %s --targets %s", call, r.Region, quote(r.Group), target)
}

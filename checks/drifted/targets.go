package drifted

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// targets judges members that somebody took off a target group, or put there on
// another port. They run, and get no traffic of it, so the plan may not take
// others as if they did; nor give back what was taken away for a reason that it
// does not know.
func targets(p *gate.Pass) {
	for _, r := range p.Cluster.Lost {
		f := gate.Finding{Code: "drifted.detached", Subjects: []string{r.Address, r.Member}, Decision: severity(r.Undone || p.Cluster.Costs()),
			Message: fmt.Sprintf("%s of %s is recorded in target group %s%s and is not there: somebody took it off outside Terraform", r.Member, p.Cluster.Cluster.Name, r.TargetGroup(), onPort(r.Port)),
			Remedy:  "register it again by hand if it should get traffic, or take the attachment out of the configuration, then plan again"}
		attr := "target_id"
		if len(r.Live) > 0 {
			attr, f.Code = "port", "drifted.port"
			f.Message = fmt.Sprintf("%s of %s is recorded in target group %s%s and is there%s: somebody moved it outside Terraform", r.Member, p.Cluster.Cluster.Name, r.TargetGroup(), onPort(r.Port), onPort(r.Live...))
			f.Remedy = "put the port into the configuration, or register it by hand as it was, then plan again"
		}
		f.Message += undoing(r.Undone)
		if rule, ok := p.Config.Drift.Ignored(r.Address, attr, p.Now); ok {
			f.Decision, f.Message = gate.Warn, fmt.Sprintf("%s, ignored until %s: %s", f.Message, rule.Expires, rule.Reason)
		}
		f.Evidence = []gate.Evidence{{Source: gate.SourceTargets, Ref: r.Member, Field: "elbv2.TargetHealthDescription", Got: "not registered" + onPort(r.Port)}}
		p.Report(f)
	}
}

// onPort is " on port 80", empty for one that is not known.
func onPort(ports ...int) string {
	var words []string
	for _, n := range ports {
		if n > 0 {
			words = append(words, fmt.Sprint(n))
		}
	}
	if len(words) == 0 {
		return ""
	}
	return " on port " + strings.Join(slices.Compact(words), " and ")
}

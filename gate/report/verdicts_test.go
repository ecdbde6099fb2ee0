package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// at is when every verdict of the tests was reached.
func at() time.Time { return time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC) }

// verdicts are those that the reports are compared with, by name.
func verdicts() map[string]gate.Verdict {
	return map[string]gate.Verdict{
		"zero":       {},
		"allow":      allow(),
		"warn":       warn(),
		"parakeet":   parakeet(),
		"overridden": overridden(),
		"partly":     partly(),
		"bound":      bound(),
		"blind":      blind(),
		"hostile":    hostile("i-0\x1b[2J\r\nholdfast: ALLOWED \u202e\u009b31m\x00\xff\U000e0041"),
		"large":      large(),
		"attributed": attributed(),
		"broken":     {Decision: gate.Block, At: at(), Runs: []gate.Run{{Check: "quorum", Cluster: "search", Outcome: gate.Errored, Decision: gate.Block, Reason: "index out of range"}}},
	}
}

func sources() []gate.Source {
	read := at().Add(-10 * time.Second)
	return []gate.Source{
		{Name: gate.SourceGroups, Region: "us-east-1", ReadAt: read, Complete: true, Calls: 1},
		{Name: gate.SourceInstances, Region: "us-east-1", ReadAt: read.Add(time.Second), Complete: true, Calls: 2},
		{Name: gate.SourceIdentity, ReadAt: read, Complete: true, Calls: 1},
	}
}

func base(d gate.Decision, views ...*gate.View) gate.Verdict {
	return gate.Verdict{
		Decision: d, At: at(), Account: "123456789012", Sources: sources(), Clusters: views,
		Snapshot: "5a17bc0ffee0123456789abcdef", Config: "c0ffee0123456789abcdef",
		Plan: gate.Summary{Digest: "f1a90123456789abcdef", TerraformVersion: "1.11.4", CreatedAt: at().Add(-90 * time.Second), Workspace: "prod", Delete: 3},
		Runs: []gate.Run{{Check: "survivorfloor", Cluster: "search", Outcome: gate.Ran, Decision: d}},
	}
}

func member(id, zone, raw string, phase gate.Phase, serving gate.Serving, since time.Duration) gate.MemberView {
	m := gate.MemberView{Managed: true, Member: gate.Member{ID: id, Region: "us-east-1", Zone: zone, Phase: phase, Serving: serving, Since: at().Add(-since)}}
	m.Observed = []gate.Observation{{Source: gate.SourceInstances, Field: "ec2.InstanceStateName", Raw: raw, Phase: phase, Serving: serving, Opinion: true}}
	return m
}

func role(name string, size, floor int) gate.Projection {
	return gate.Projection{Role: gate.Role{Name: name, Size: size, SurvivorFloor: floor}, Buckets: map[string]gate.Bucket{},
		Floors: []gate.Floor{{Promise: "survivor floor", Needs: floor, How: "declared"}}}
}

// parakeet is the outage: three members are dying, a group that has not noticed
// counts six, and the plan has it end three.
func parakeet() gate.Verdict {
	r := role("", 3, 2)
	view := &gate.View{Cluster: gate.Cluster{Name: "search", Settle: gate.DefaultSettle}, Regions: []string{"us-east-1"}, Decision: gate.Block,
		Groups: []gate.Group{{Name: "search", Region: "us-east-1", Desired: 6, Min: 1, Max: 9, MinHealthy: -1, MaxHealthy: -1, Suspended: []string{"AZRebalance"},
			Operations: []gate.Operation{{Kind: "activity", ID: "a-1", Raw: "Successful", Phase: gate.Steady, Start: at().Add(-20 * time.Minute), End: at().Add(-18 * time.Minute), Detail: "Launching a new EC2 instance"}}}},
		Recorded: []gate.Change{{Address: "aws_autoscaling_group.search", Type: "aws_autoscaling_group", ID: "search", Action: gate.Update, Region: "us-east-1"}},
		Drift:    []gate.Change{{Address: "aws_autoscaling_group.search", Type: "aws_autoscaling_group", ID: "search", Action: gate.Update, Changed: []string{"desired_capacity"}}},
		Effects:  []gate.Effect{{Address: "aws_autoscaling_group.search", Action: gate.Update, Does: "lowers search from 6 to 3", Group: "search", Kills: 3}},
	}
	for i := range 6 {
		id, zone := fmt.Sprintf("i-%d", i), "us-east-1"+string(rune('a'+i%3))
		m := member(id, zone, "running", gate.Steady, gate.ServingYes, 14*24*time.Hour)
		r.Buckets[id] = gate.BucketSurvivor
		if i < 3 {
			m = member(id, zone, "shutting-down", gate.Leaving, gate.ServingNo, 40*time.Second)
			m.Observed[0].Detail = "Client.UserInitiatedShutdown: User initiated shutdown"
			r.Buckets[id] = gate.BucketLeaving
		} else {
			r.Serving = append(r.Serving, id)
		}
		m.Group = "search"
		m.Observed = append(m.Observed,
			gate.Observation{Source: gate.SourceGroups, Field: "autoscaling.LifecycleState", Raw: "InService", Phase: gate.Steady, Serving: gate.ServingYes, Opinion: true},
			gate.Observation{Source: gate.SourceGroups, Field: "autoscaling.HealthStatus", Raw: "Healthy", Phase: gate.Steady, Serving: gate.ServingYes, Opinion: true})
		view.Members = append(view.Members, m)
	}
	r.Kills, r.Zones = 3, 0
	view.Roles = []gate.Projection{r}
	v := base(gate.Block, view)
	v.Plan.Delete, v.Plan.Update = 0, 1
	v.Findings = []gate.Finding{
		{Check: "drifted", Code: "drifted.size", Decision: gate.Block, Cluster: "search", Subjects: []string{"aws_autoscaling_group.search"},
			Message:  "desired_capacity of aws_autoscaling_group.search in search was changed outside Terraform from 3 to 6, and the plan undoes that",
			Remedy:   "record what is live, then plan again",
			Evidence: []gate.Evidence{{Source: gate.SourceGroups, Ref: "aws_autoscaling_group.search", Field: "desired_capacity", Got: "6", Want: "3", ReadAt: at().Add(-10 * time.Second)}}},
		{Check: "survivorfloor", Code: "survivorfloor.breached", Decision: gate.Block, Cluster: "search", Subjects: []string{"aws_autoscaling_group.search", "i-0", "i-1", "i-2"},
			Message:  "search would keep 0 of 3 members serving, it needs 2: 3 are shutting-down and the plan lets AWS end 3 of its own choice",
			Remedy:   "wait until nothing moves (--wait 10m), plan again, and keep at least 2 serving members",
			Evidence: []gate.Evidence{{Source: gate.SourceInstances, Ref: "i-0", Field: "ec2.InstanceStateName", Got: "shutting-down", Since: at().Add(-40 * time.Second)}}},
	}
	return v
}

func allow() gate.Verdict {
	master, data := role("master", 3, 2), role("data", 12, 9)
	data.Floors = []gate.Floor{{Promise: "disruption budget", Needs: 11, How: "size 12 - budget 1"}, data.Floors[0], {Promise: "zone floor", Needs: 2, How: "zones, declared"}}
	view := &gate.View{Cluster: gate.Cluster{Name: "search"}, Regions: []string{"us-east-1"}, Decision: gate.Allow,
		Effects: []gate.Effect{{Address: "aws_instance.data[11]", Action: gate.Delete, Does: "ends i-11", Ends: []string{"i-11"}}}}
	for i := range 3 {
		id := fmt.Sprintf("i-m%d", i)
		view.Members = append(view.Members, member(id, "us-east-1a", "running", gate.Steady, gate.ServingYes, time.Hour))
		master.Serving, master.Buckets[id] = append(master.Serving, id), gate.BucketSurvivor
	}
	for i := range 12 {
		id := fmt.Sprintf("i-%d", i)
		view.Members = append(view.Members, member(id, "us-east-1a", "running", gate.Steady, gate.ServingYes, time.Hour))
		data.Serving, data.Buckets[id] = append(data.Serving, id), gate.BucketSurvivor
	}
	data.Buckets["i-11"], data.Victims = gate.BucketVictim, []string{"i-11"}
	master.After, master.During, master.Zones = 3, 3, 3
	data.After, data.During, data.Zones = 11, 11, 3
	view.Roles = []gate.Projection{master, data}
	other := &gate.View{Cluster: gate.Cluster{Name: "queue", Implicit: true}, Decision: gate.Allow, Roles: []gate.Projection{role("", 0, 1)}}
	return base(gate.Allow, other, view)
}

func warn() gate.Verdict {
	v := allow()
	v.Decision, v.Clusters[1].Decision = gate.Warn, gate.Warn
	v.Expires = at().Add(time.Hour)
	v.Findings = []gate.Finding{{Check: "unmanaged", Code: "unmanaged.members", Decision: gate.Warn, Cluster: "search", Subjects: []string{"i-x"},
		Message: "search has 1 of its 16 members without a Terraform address: i-x (running)", Remedy: "import or remove it"}}
	return v
}

// overridden is the outage, let through by two people.
func overridden() gate.Verdict {
	v := parakeet()
	v.Findings = v.Findings[1:]
	v.Decision, v.Clusters[0].Decision, v.Runs[0].Decision = gate.Warn, gate.Warn, gate.Warn
	v.Caller, v.Expires = "arn:aws:sts::123456789012:assumed-role/sre/ann@example.com", at().Add(20*time.Minute)
	f := &v.Findings[0]
	f.Decision = gate.Warn
	f.Overrides = []gate.Override{
		{Record: "search/41", Code: f.Code, Cluster: f.Cluster, Plan: v.Plan.Digest, Reason: "the cluster moves to \"queue\" tonight", By: "arn:aws:sts::123456789012:assumed-role/sre/bob@example.com", At: at().Add(-10 * time.Minute), Expires: at().Add(20 * time.Minute)},
		{Code: f.Code, Cluster: f.Cluster, Plan: v.Plan.Digest, Reason: "seen it empty", By: v.Caller, At: at(), Expires: at().Add(24 * time.Hour)},
	}
	v.Findings = append(v.Findings, gate.Finding{Check: "override", Code: "override.unused", Decision: gate.Warn, Cluster: "search", Subjects: []string{"drifted.size"},
		Message: "the override of drifted.size on search by arn:aws:iam::123456789012:user/eve lets nothing through: arn:aws:iam::123456789012:user/eve is not among the people who may override",
		Remedy:  "see who may override what, for how long, under override in holdfast.hcl"})
	v.Runs = append(v.Runs, gate.Run{Check: "zonefloor", Cluster: "search", Outcome: gate.Blind, Decision: gate.Warn, Reason: "incomplete in us-east-1: elb.targets"})
	return v
}

// partly is the outage with one of its two reasons let through.
func partly() gate.Verdict {
	v := parakeet()
	f := &v.Findings[0]
	f.Decision = gate.Warn
	f.Overrides = []gate.Override{{Code: f.Code, Cluster: f.Cluster, Plan: v.Plan.Digest, Reason: "the console was right", By: "arn:aws:iam::123456789012:user/ann", At: at(), Expires: at().Add(time.Hour)}}
	slices.Reverse(v.Findings)
	return v
}

// bound is a verdict that does not agree with the one given before.
func bound() gate.Verdict {
	v := allow()
	v.Decision = gate.Block
	v.Findings = []gate.Finding{{Check: "bound", Code: "bound.config", Decision: gate.Block, Evidence: []gate.Evidence{{Source: "config", Ref: "holdfast.hcl", Want: "c0ffee0123456789abcdef", Got: "none"}},
		Message: "the promises were edited since the verdict: it was given under holdfast.hcl c0ffee012345, and now there is no holdfast.hcl", Remedy: "have the plan judged again under the config as it is now (holdfast check)"}}
	return v
}

// blind is a verdict on half of what is there.
func blind() gate.Verdict {
	v := parakeet()
	v.Findings = nil
	for i, problem := range []gate.Problem{gate.ProblemDenied, gate.ProblemDenied} {
		s := &v.Sources[i]
		s.Complete, s.Problem, s.Err = false, problem, "the credentials may not call it"
		v.Findings = append(v.Findings, gate.Finding{Check: "source", Code: "source.denied", Decision: gate.Block, Subjects: []string{s.Name + " us-east-1"},
			Message:  s.Name + " in us-east-1 could not be read in full: the credentials may not call it",
			Remedy:   "allow the action to the credentials holdfast runs with",
			Evidence: []gate.Evidence{{Source: s.Name, Ref: "us-east-1", Got: "denied", ReadAt: s.ReadAt}}})
	}
	v.Runs = []gate.Run{
		{Check: "fresh", Outcome: gate.Ran, Decision: gate.Allow},
		{Check: "quorum", Cluster: "search", Outcome: gate.Blind, Decision: gate.Block, Reason: "ec2.instances in us-east-1 is incomplete"},
		{Check: "survivorfloor", Cluster: "search", Outcome: gate.Blind, Decision: gate.Block, Reason: "ec2.instances in us-east-1 is incomplete"},
	}
	r := &v.Clusters[0].Roles[0]
	r.Kills, r.After, r.During = 0, 3, 3
	return v
}

// attributed is the outage, of which it is known who began it.
func attributed() gate.Verdict {
	v := parakeet()
	did := func(ref, event, who string, means gate.Means, ago time.Duration, id string) gate.Attribution {
		return gate.Attribution{Region: "us-east-1", Ref: ref, Event: event, Who: who, Means: means, At: at().Add(-ago), EventID: id, Source: gate.SourceTrail}
	}
	size := did("search", "SetDesiredCapacity", "ann@example.com", gate.MeansConsole, 3*time.Hour, "11111111-0000-4000-8000-000000000001")
	size.Human, size.Detail, size.Through = true, "desired 6", "AWSReservedSSO_Admin"
	tried := did("search", "UpdateAutoScalingGroup", "ci", gate.MeansTerraform, 2*time.Hour, "11111111-0000-4000-8000-000000000002")
	tried.Failed = "AccessDenied"
	v.Trail = &gate.Trail{
		Attributions: []gate.Attribution{
			did("i-0", "TerminateInstances", "bob", gate.MeansConsoleCLI, 40*time.Second, "11111111-0000-4000-8000-000000000003"),
			did("i-1", "TerminateInstances", "bob", gate.MeansConsoleCLI, 40*time.Second, "11111111-0000-4000-8000-000000000003"),
			{Region: "us-east-1", Ref: "i-2", Event: "TerminateInstances", At: at().Add(-40 * time.Second), Detail: "User initiated shutdown", Source: gate.SourceInstances},
			tried, size,
		},
		Reach: []gate.Reach{{Region: "us-east-1", From: at().Add(-6 * time.Hour), Until: at().Add(-15 * time.Minute), Read: []string{"TerminateInstances"}, Unread: []string{"RunInstances"}, Calls: 2,
			Problem: gate.ProblemThrottled, Err: "cloudtrail:LookupEvents in us-east-1 was throttled"}},
	}
	return v
}

// hostile has one text wherever a plan, a tag or AWS can put one.
func hostile(s string) gate.Verdict {
	m := member(s, s, s, gate.Failed, gate.ServingNo, time.Minute)
	m.Group, m.Addresses, m.Roles = s, []string{s}, []string{s}
	m.Observed[0].Source, m.Observed[0].Detail = s+".x", s
	r := role(s, 3, 2)
	r.Buckets[s], r.Floors[0].How, r.Floors[0].Promise = gate.BucketFailed, s, s
	view := &gate.View{Cluster: gate.Cluster{Name: s}, Regions: []string{s}, Decision: gate.Block, Members: []gate.MemberView{m}, Roles: []gate.Projection{r},
		Groups:  []gate.Group{{Name: s, Region: s, Suspended: []string{s}, Operations: []gate.Operation{{Kind: s, Raw: s, Detail: s}}}, {Name: s, Absent: true}},
		Effects: []gate.Effect{{Address: s, Does: s, Guess: s, Ends: []string{s}}},
		Drift:   []gate.Change{{Address: s, Changed: []string{s}}}}
	v := base(gate.Block, view)
	v.Findings = []gate.Finding{
		{Check: s, Code: s, Decision: gate.Block, Cluster: s, Role: s, Subjects: []string{s + "1"}, Message: s, Remedy: s, Evidence: []gate.Evidence{{Source: s, Ref: s, Field: s, Got: s, Want: s}}},
		{Check: s, Code: s, Decision: gate.Warn, Message: s, Subjects: []string{s + "2"}, Overrides: []gate.Override{{Record: s, Code: s, Cluster: s, Plan: s, Reason: s, By: s}}},
	}
	v.Runs = append(v.Runs, gate.Run{Check: s, Cluster: s, Outcome: gate.Errored, Reason: s})
	v.Sources = append(v.Sources, gate.Source{Name: s, Region: s, Err: s, Problem: gate.Problem(s)}, gate.Source{Name: s, Region: s + "3", Complete: true})
	v.Trail = &gate.Trail{Attributions: []gate.Attribution{{Region: s, Ref: s, Event: s, Who: s, Through: s, EventID: s, Failed: s, Detail: s, Source: s}},
		Reach: []gate.Reach{{Region: s, Read: []string{s}, Unread: []string{s}, Problem: gate.Problem(s), Err: s}}}
	v.Account, v.Caller, v.Snapshot, v.Config, v.Plan.Digest, v.Plan.Workspace = s, s, s, s, s, s
	return v
}

// large has more members than anybody reads, and some to worry about.
func large() gate.Verdict {
	r := role("", 100, 90)
	view := &gate.View{Cluster: gate.Cluster{Name: "web"}, Regions: []string{"eu-west-1"}, Decision: gate.Block,
		Effects: []gate.Effect{{Address: "aws_instance.web[0]", Action: gate.Delete, Does: "ends i-000", Ends: []string{"i-000"}}}}
	put := func(i int, raw string, phase gate.Phase, serving gate.Serving, b gate.Bucket) {
		m := member(fmt.Sprintf("i-%03d", i), "eu-west-1a", raw, phase, serving, time.Hour)
		view.Members = append(view.Members, m)
		r.Buckets[m.ID] = b
		if serving == gate.ServingYes {
			r.Serving = append(r.Serving, m.ID)
		}
	}
	for i := range 40 {
		put(i, "running", gate.Steady, gate.ServingYes, gate.BucketVictim)
	}
	for i := 40; i < 80; i++ {
		put(i, "stopping", gate.Leaving, gate.ServingNo, gate.BucketLeaving)
	}
	for i := 80; i < 180; i++ {
		put(i, "running", gate.Steady, gate.ServingYes, gate.BucketSurvivor)
	}
	for i := 180; i < 200; i++ {
		put(i, "terminated", gate.Gone, gate.ServingNo, gate.BucketGone)
	}
	r.After, r.During = 100, 100
	view.Roles = []gate.Projection{r}
	v := base(gate.Block, view)
	v.Findings = []gate.Finding{{Check: "settled", Code: "settled.transitional", Decision: gate.Block, Cluster: "web", Message: "web is moving, 40 of its 200 members", Remedy: "wait"}}
	return v
}

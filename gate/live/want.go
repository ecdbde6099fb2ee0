package live

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// ClusterTag is the tag by which members that no config declares are put
// together into a cluster.
const ClusterTag = "Cluster"

// AnyValue as a value of a Tag stands for every value.
const AnyValue = "*"

// A Want is what to read in one region. It names where to begin: a Collector
// also reads the groups and target groups of the members it finds, and their
// members.
type Want struct {
	Groups       []string // names of groups
	Instances    []string // instance ids, as recorded
	Tags         []Tag    // members and groups that carry any of them
	TargetGroups []string // ARNs
	All          bool     // every group, and every member with a ClusterTag
	Brief        bool     // only members, groups the targets of TargetGroups and what is Asked, and not how they are: everything else stays missing

	Asked map[string][]string // sources to read besides, by name, and the ids they are about; no ids: about the members found
}

// A Tag is a key and the values wanted; AnyValue among them is any value.
type Tag struct {
	Key    string
	Values []string
}

// Any reports whether every value of the key is wanted.
func (t Tag) Any() bool { return slices.Contains(t.Values, AnyValue) }

// Wants says what must be read, by region, to judge a plan: everything it
// records or changes, no-ops included, and whatever the config selects, in
// every region of the plan, and whatever checks ask for. It fails, with one sentence for the user, when the
// region of a change that can touch members is not known: reading the ambient
// region instead would find nothing there and call it safe.
func Wants(p *gate.Plan, c *gate.Config, asks []gate.Ask) (map[string]Want, error) {
	b := builder{}
	for _, region := range p.Regions {
		b.in(region)
	}
	for _, change := range slices.Concat(p.Changes, p.Drift) {
		if gate.KeptAttributes(change.Type) == nil {
			continue
		}
		region := regionOf(change)
		if region == "" && harmlessAnywhere(change) {
			continue
		}
		// Members that cannot be looked for may not be taken for absent.
		if region == "" {
			return nil, fmt.Errorf("cannot tell which region %s is in: set region in its provider block, so that its members can be read", change.Address)
		}
		b.in(region).change(change)
	}
	if err := b.actions(p.Actions); err != nil {
		return nil, err
	}
	for _, a := range asks {
		// A store that cannot be looked for may not be taken for one without peers.
		if a.Region == "" {
			return nil, fmt.Errorf("cannot tell which region to read %s of %s in: set region in the provider block", a.Source, strings.Join(a.About, ", "))
		}
		b.in(a.Region).ask(a)
	}
	for _, n := range b {
		n.config(c)
	}
	return b.wants(), nil
}

// harmlessAnywhere reports whether a change can be left unread wherever it is:
// what it makes does not exist yet, so it has no members, or it leaves alone
// something that is not itself a member or a group.
func harmlessAnywhere(c gate.Change) bool {
	if (c.Action == gate.NoOp || c.Action == gate.Forget) && c.Type != "aws_instance" && c.Type != "aws_autoscaling_group" {
		return true
	}
	if c.Action != gate.Create && c.Action != gate.Read {
		return false
	}
	switch c.Type {
	case "aws_instance", "aws_autoscaling_group", "aws_launch_template", "aws_lb_target_group", "aws_alb_target_group", "aws_s3_bucket", "aws_ebs_volume", "aws_dynamodb_table", "aws_dynamodb_global_table",
		"aws_elasticache_replication_group", "aws_elasticache_cluster", "aws_elasticache_global_replication_group", "aws_elasticache_serverless_cache":
		return true
	}
	return false
}

// regionOf is the region of a change: what the decoder found, else that of a
// target group it is about.
func regionOf(c gate.Change) string {
	if c.Region != "" {
		return c.Region
	}
	for _, arn := range targetGroups(c) {
		if parts := strings.SplitN(arn, ":", 5); len(parts) == 5 {
			return parts[3]
		}
	}
	return ""
}

// need gathers the Want of one region.
type need struct {
	groups, instances, targets set
	tags                       map[string]set
	asked                      map[string][]string
}

type set map[string]bool

func (s set) add(values ...string) {
	for _, v := range values {
		if v != "" {
			s[v] = true
		}
	}
}

func (s set) sorted() []string { return slices.Sorted(maps.Keys(s)) }

// builder is the needs by region.
type builder map[string]*need

func (b builder) in(region string) *need {
	n := b[region]
	if n == nil {
		n = &need{groups: set{}, instances: set{}, targets: set{}, tags: map[string]set{}}
		b[region] = n
	}
	return n
}

func (n *need) ask(a gate.Ask) {
	if n.asked == nil {
		n.asked = map[string][]string{}
	}
	n.asked[a.Source] = a.About
}

// actions adds the members that provider actions name. An action does not say
// where it acts, so its members are looked for in every region of the plan.
func (b builder) actions(calls []gate.ActionCall) error {
	for _, a := range calls {
		if len(a.Members) > 0 && len(b) == 0 {
			return fmt.Errorf("cannot tell which region %s acts in: set region in its provider block, so that its members can be read", a.Address)
		}
		for _, n := range b {
			n.instances.add(a.Members...)
		}
	}
	return nil
}

// change adds what one change records, was or would be.
func (n *need) change(c gate.Change) {
	for _, a := range []gate.Attrs{c.Before, c.After} {
		n.tag(ClusterTag, a.Tags()[ClusterTag])
		n.groups.add(a.String("autoscaling_group_name"))
		n.instances.add(a.String("instance_id"))
		if id := a.String("target_id"); strings.HasPrefix(id, "i-") {
			n.instances.add(id)
		}
		if c.Type == "aws_autoscaling_group" {
			n.groups.add(a.String("name"))
		}
	}
	switch c.Type {
	case "aws_instance":
		n.instances.add(c.ID)
	case "aws_autoscaling_group":
		n.groups.add(c.ID)
	}
	n.targets.add(targetGroups(c)...)
}

// targetGroups returns the ARNs of the target groups a change is about.
func targetGroups(c gate.Change) []string {
	var out []string
	for _, a := range []gate.Attrs{c.Before, c.After} {
		out = append(out, a.Strings("target_group_arns")...)
		out = append(out, a.String("target_group_arn"), a.String("lb_target_group_arn"))
		sources, _ := a["traffic_source"].([]any)
		for _, s := range sources {
			block, _ := s.(map[string]any)
			out = append(out, gate.Attrs(block).String("identifier"))
		}
		if c.Type == "aws_lb_target_group" || c.Type == "aws_alb_target_group" {
			out = append(out, a.String("arn"))
		}
	}
	// A traffic source may also be a classic load balancer, which has a name,
	// or a VPC Lattice target group: neither can be asked for target health.
	return slices.DeleteFunc(out, func(arn string) bool {
		return !strings.Contains(arn, ":targetgroup/") || strings.Contains(arn, ":vpc-lattice:")
	})
}

// config adds what the declared clusters select. One required tag is enough to
// find every member that carries all of them; the core looks at the rest.
func (n *need) config(c *gate.Config) {
	if c == nil {
		return
	}
	for _, cluster := range c.Clusters {
		selectors := []gate.Selector{cluster.Members}
		for _, r := range cluster.Roles {
			// A role's tags only narrow its cluster's.
			selectors = append(selectors, gate.Selector{Groups: r.Members.Groups})
		}
		for _, s := range selectors {
			n.groups.add(s.Groups...)
			if key := narrowest(s.Tags); key != "" {
				n.tag(key, s.Tags[key])
			}
		}
	}
}

// narrowest picks the required tag to search by: one with a value if there is
// one, the ClusterTag before others, so that one request serves most clusters.
func narrowest(tags map[string]string) string {
	best := ""
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		switch {
		case best == "", tags[best] == AnyValue && tags[key] != AnyValue:
			best = key
		case key == ClusterTag && tags[key] != AnyValue:
			best = key
		}
	}
	return best
}

func (n *need) tag(key, value string) {
	if value == "" {
		return
	}
	if n.tags[key] == nil {
		n.tags[key] = set{}
	}
	n.tags[key].add(value)
}

func (b builder) wants() map[string]Want {
	out := map[string]Want{}
	for region, n := range b {
		w := Want{Groups: n.groups.sorted(), Instances: n.instances.sorted(), TargetGroups: n.targets.sorted(), Asked: n.asked}
		for _, key := range slices.Sorted(maps.Keys(n.tags)) {
			w.Tags = append(w.Tags, Tag{Key: key, Values: n.tags[key].sorted()})
		}
		out[region] = w
	}
	return out
}

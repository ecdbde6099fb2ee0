package gatetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// now is the instant of every case: the minute the Parakeet outage was noticed.
func now() time.Time { return time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC) }

const (
	region  = "us-east-1"
	account = "123456789012"
)

// Parse reads the lines of a case. A line is a word, names, and key=value
// fields; "#" begins a comment. Durations say how long ago. The lines are
//
//	config  accounts= regions= workspaces= clusters= victims=
//	cluster NAME [tags=K:V,…] [groups=…] [addresses=…] [promises]   tags are Cluster:NAME unless said
//	role    CLUSTER NAME tags=K:V [promises]
//	        promises: size= floor= quorum budget= zonefloor= readyafter= settle= unmanaged=
//	data    ID [standbys= lag= backupage=]                         a promise about the store of that id
//	group   NAME desired= [min= max= addr= suspended= zones= targets= template= minhealthy= maxhealthy= region= unasked]
//	op      GROUP KIND RAW PHASE [end=]
//	member  ID STATE [addr= group= zone= subnet= tags= since= launched= weight= protected targets= ports= type= region= untagged absent]
//	        [ami=] [launch_template=ID:VERSION] [instance_profile=ARN]
//	        [volumes=VOL:DEVICE:STATE,…] [ails=WORD:PHASE]              ails is a status check, or an event if PHASE is leaving or changing
//	plan    [complete=no] [errored] [age=] [workspace=] [deferred=] [accounts=]
//	change  ACTION ADDRESS [id=] [name=BEFORE->AFTER … or name=VALUE== where it stays] [unknown=a,b] [partly=a,b] [bucketof=ADDRESS] [sensitive=a,b] [region=] [deposed=] [previous=]
//	drift   ACTION ADDRESS …                                        as change
//	action  TYPE [members=]
//	ignore  ATTRIBUTE expires= [address=] [reason=]                 drift that the config accepts
//	other   ADDRESS id=                                             a member that another state records
//	source  NAME PROBLEM [age=]
//	recent  RECORD age= [open] [ends=ID,…] [sizes=GROUP:FROM-TO,…]  a change of our own
//	snapshot [account=]
//	store   KIND ID RAW PHASE [serving=] [benign] [facts=K:V,…] [identity=] [region=]   a data store as it is live
//	seen    STORE RAW PHASE [serving=] [field=] [since=]                        what another source says of it; both fields are a store line's too
//	node    STORE ID ROLE RAW PHASE [serving=] [lag=] [zone=] [shard=]          lag=-1s is not replicating; without lag it is not known
//	link    STORE TO KIND PEER [state=] [active=] [region=]
//	copy    STORE KIND ID [age=] [survives=] [usable=] [state=]
//	rule    STORE ID [disabled] [prefix=] [tags=] [over=] [under=] [expires=DAYS] [versions=DAYS] [keep=] [archives=DAYS class=]   a live rule
//	sample  STORE [prefix=] [part] [unread] [ages=DAYS:COUNT,…] [versions=DAYS:COUNT,…]   so many objects of 1 KiB, so many days old
//	usage   STORE OBJECTS
//	backups STORE PLACE,…                                          the config's
//
// A member or group with an address is recorded by the plan; without a change
// line of its own that is a no-op. Sources not named were read in full.
func Parse(text string) (gate.Input, error) {
	c := &builder{equipped: map[string]bool{}, in: gate.Input{Now: now(), Config: gate.DefaultConfig(),
		Plan:     &gate.Plan{FormatVersion: "1.2", TerraformVersion: "1.11.4", Complete: gate.Yes, CreatedAt: now().Add(-time.Minute)},
		Snapshot: &gate.Snapshot{Account: account, Started: now().Add(-12 * time.Second), Finished: now().Add(-10 * time.Second)}}}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := c.line(words[0], newFields(words[1:])); err != nil {
			return gate.Input{}, fmt.Errorf("line %d: %v", i+1, err)
		}
	}
	c.finish()
	return c.in, nil
}

type builder struct {
	in      gate.Input
	cluster string // of the last cluster line

	equipped map[string]bool // members of which a line says what volumes they have
}

func (c *builder) line(word string, f *fields) error {
	switch word {
	case "config":
		c.config(f)
	case "cluster":
		c.cluster = f.arg(0)
		sel := gate.Selector{Tags: f.pairs("tags"), Groups: f.list("groups"), Addresses: f.list("addresses")}
		if sel.Empty() {
			sel.Tags = map[string]string{"Cluster": c.cluster}
		}
		cl := gate.Cluster{Name: c.cluster, Members: sel, Settle: f.duration("settle")}
		cl.Unmanaged.UnmarshalText([]byte(f.str("unmanaged", "undecided")))
		cl.Roles = []gate.Role{role(f)}
		c.in.Config.Clusters = append(c.in.Config.Clusters, cl)
	case "role":
		i := slices.IndexFunc(c.in.Config.Clusters, func(cl gate.Cluster) bool { return cl.Name == f.arg(0) })
		if i < 0 {
			return fmt.Errorf("no cluster %q", f.arg(0))
		}
		r := role(f)
		r.Name, r.Members = f.arg(1), gate.Selector{Tags: f.pairs("tags"), Groups: f.list("groups")}
		cl := &c.in.Config.Clusters[i]
		if cl.Roles[0].Name == "" {
			cl.Roles = nil
		}
		cl.Roles = append(cl.Roles, r)
	case "data":
		d := gate.DataPromise{Name: f.arg(0), IDs: []string{f.arg(0)}, Lag: f.duration("lag"), BackupAge: f.duration("backupage")}
		if f.has("standbys") {
			n := f.num("standbys", 0)
			d.Standbys = &n
		}
		c.in.Config.Data = append(c.in.Config.Data, d)
	case "group":
		c.group(f)
	case "op":
		return c.operation(f)
	case "member":
		return c.member(f)
	case "plan":
		c.plan(f)
	case "snapshot":
		c.in.Snapshot.Account = f.str("account", account)
	case "change", "drift":
		return c.change(word, f)
	case "action":
		c.in.Plan.Actions = append(c.in.Plan.Actions, gate.ActionCall{Address: "action." + f.arg(0) + ".x", Type: f.arg(0), Members: f.list("members")})
	case "ignore":
		c.in.Config.Drift.Ignore = append(c.in.Config.Drift.Ignore, gate.IgnoredKind{Attribute: f.arg(0), Address: f.str("address", ""), Reason: f.str("reason", "known"), Expires: f.str("expires", "")})
	case "other":
		c.in.Plan.Others = append(c.in.Plan.Others, gate.Change{Address: f.arg(0), Type: "aws_instance", ID: f.str("id", ""), Region: region})
	case "source":
		c.source(f)
	case "backups":
		c.in.Config.Data = append(c.in.Config.Data, gate.DataPromise{Name: f.arg(0), IDs: []string{f.arg(0)}, Backups: strings.Split(f.arg(1), ",")})
	case "recent":
		return c.recent(f)
	case "rule", "sample", "usage":
		return c.holding(word, f)
	case "store", "seen", "node", "link", "copy":
		return c.store(word, f)
	default:
		return fmt.Errorf("unknown line %q", word)
	}
	return f.unused()
}

func role(f *fields) gate.Role {
	r := gate.Role{Size: f.num("size", 0), SurvivorFloor: f.num("floor", 1), Quorum: f.flag("quorum"), ZoneFloor: f.num("zonefloor", 0), ReadyAfter: f.duration("readyafter")}
	if f.has("budget") {
		n := f.num("budget", 0)
		r.Budget = &n
	}
	return r
}

func (c *builder) config(f *fields) {
	cfg := c.in.Config
	cfg.Accounts, cfg.Regions, cfg.Workspaces = f.list("accounts"), f.list("regions"), f.list("workspaces")
	if f.has("clusters") {
		n := f.num("clusters", 0)
		cfg.MaxClusters = &n
	}
	if f.has("victims") {
		n := f.num("victims", 0)
		cfg.MaxVictims = &n
	}
}

func (c *builder) group(f *fields) {
	g := gate.Group{Name: f.arg(0), Region: f.str("region", region), Desired: f.num("desired", 0), Min: f.num("min", 0), Max: f.num("max", 20),
		Suspended: f.list("suspended"), Zones: f.list("zones"), Template: f.str("template", "lt-1:1"), MinHealthy: f.num("minhealthy", -1), MaxHealthy: f.num("maxhealthy", -1),
		Targets: f.list("targets"), Asked: !f.flag("unasked")}
	g.Tags = f.pairs("tags")
	if g.Tags == nil && c.cluster != "" {
		g.Tags = map[string]string{"Cluster": c.cluster}
	}
	c.in.Snapshot.Groups = append(c.in.Snapshot.Groups, g)
	if addr := f.str("addr", ""); addr != "" {
		before := gate.Attrs{"name": g.Name, "desired_capacity": float64(g.Desired), "min_size": float64(g.Min), "max_size": float64(g.Max), "tag": tagBlocks(g.Tags)}
		c.record(gate.Change{Address: addr, Type: "aws_autoscaling_group", ID: g.Name, Region: g.Region, Before: before})
	}
}

func tagBlocks(tags map[string]string) []any {
	var out []any
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, map[string]any{"key": k, "value": tags[k]})
	}
	return out
}

func (c *builder) operation(f *fields) error {
	i := slices.IndexFunc(c.in.Snapshot.Groups, func(g gate.Group) bool { return g.Name == f.arg(0) })
	if i < 0 {
		return fmt.Errorf("no group %q", f.arg(0))
	}
	op := gate.Operation{Kind: f.arg(1), ID: "op", Raw: f.arg(2)}
	if f.has("end") {
		op.End = now().Add(-f.duration("end"))
	}
	c.in.Snapshot.Groups[i].Operations = append(c.in.Snapshot.Groups[i].Operations, op)
	return c.in.Snapshot.Groups[i].Operations[len(c.in.Snapshot.Groups[i].Operations)-1].Phase.UnmarshalText([]byte(f.arg(3)))
}

// states are the words a member line may use, as AWS's own words and ours.
func state(word string) (raw string, p gate.Phase, s gate.Serving, err error) {
	switch word {
	case "in-service":
		return "running", gate.Steady, gate.ServingYes, nil
	case "shutting-down", "stopping", "draining", "Terminating:Wait":
		return word, gate.Leaving, gate.ServingNo, nil
	case "terminated":
		return word, gate.Gone, gate.ServingNo, nil
	case "pending", "Pending", "initializing":
		return word, gate.Arriving, gate.ServingNo, nil
	case "stopped", "Standby":
		return word, gate.Steady, gate.ServingNo, nil
	case "impaired":
		return word, gate.Failed, gate.ServingNo, nil
	case "unhealthy-like-all":
		return "unhealthy", gate.Failed, gate.ServingUnknown, nil
	case "unread-health":
		return "running", gate.Steady, gate.ServingUnknown, nil
	case "changing":
		return word, gate.Changing, gate.ServingNo, nil
	case "unheard-of":
		return word, gate.PhaseUnknown, gate.ServingNo, nil
	}
	return "", 0, 0, fmt.Errorf("unknown state %q", word)
}

func (c *builder) member(f *fields) error {
	raw, phase, serving, err := state(f.arg(1))
	if err != nil {
		return err
	}
	m := gate.Member{ID: f.arg(0), Region: f.str("region", region), Zone: f.str("zone", region+"a"), Subnet: f.str("subnet", ""), Group: f.str("group", ""), Targets: f.list("targets"),
		Volumes: volumes(f), Protected: f.flag("protected"), Weight: f.num("weight", 0), Launched: now().Add(-24 * time.Hour), Attrs: map[string]string{"instance_type": f.str("type", "m5.large")}}
	for _, arn := range m.Targets {
		if m.Ports == nil {
			m.Ports = map[string][]int{}
		}
		m.Ports[arn] = []int{}
		for _, port := range f.list("ports") {
			n, _ := strconv.Atoi(port)
			m.Ports[arn] = append(m.Ports[arn], n)
		}
	}
	if !f.has("ports") {
		m.Ports = nil
	}
	for _, attr := range []string{"ami", "launch_template", "instance_profile"} {
		if f.has(attr) {
			m.Attrs[attr] = f.str(attr, "")
		}
	}
	if f.has("launched") {
		m.Launched = now().Add(-f.duration("launched"))
	}
	m.Tags = f.pairs("tags")
	if m.Tags == nil && c.cluster != "" {
		m.Tags = map[string]string{"Cluster": c.cluster}
	}
	recorded := m.Tags
	if f.flag("untagged") {
		m.Tags = nil
	}
	o := gate.Observation{Source: gate.SourceInstances, Field: "ec2.InstanceStateName", Raw: raw, Phase: phase, Serving: serving, Opinion: true}
	if f.has("since") {
		o.Since = now().Add(-f.duration("since"))
	}
	m.Observed = append([]gate.Observation{o}, ails(f)...)
	c.equipped[m.ID] = f.has("volumes")
	m.Counted = m.Group != "" && f.arg(1) != "Terminating:Wait" && f.arg(1) != "Standby"
	m.Join()
	if !f.flag("absent") {
		c.in.Snapshot.Members = append(c.in.Snapshot.Members, m)
	}
	if addr := f.str("addr", ""); addr != "" {
		tags := map[string]any{}
		for k, v := range recorded {
			tags[k] = v
		}
		c.record(gate.Change{Address: addr, Type: "aws_instance", ID: m.ID, Region: m.Region, Before: gate.Attrs{"instance_type": "m5.large", "tags": tags}})
	}
	return nil
}

// record adds what the plan knows of a live object: a no-op until a change line
// says otherwise.
func (c *builder) record(ch gate.Change) {
	ch.Action, ch.After, ch.Account = gate.NoOp, ch.Before, account
	ch.Resource, ch.Indexed = strings.TrimSuffix(strings.Split(ch.Address, "[")[0], "]"), strings.HasSuffix(ch.Address, "]")
	c.in.Plan.Changes = append(c.in.Plan.Changes, ch)
}

func (c *builder) plan(f *fields) {
	p := c.in.Plan
	p.Complete.UnmarshalText([]byte(f.str("complete", "yes")))
	p.Errored, p.Workspace, p.Deferred, p.Accounts = f.flag("errored"), f.str("workspace", ""), f.list("deferred"), f.list("accounts")
	if f.has("age") {
		p.CreatedAt = now().Add(-f.duration("age"))
	}
	if f.flag("undated") {
		p.CreatedAt = time.Time{}
	}
}

func (c *builder) source(f *fields) {
	s := gate.Source{Name: f.arg(0), Region: f.str("region", region), Problem: gate.Problem(f.arg(1)), ReadAt: now().Add(-10 * time.Second), Calls: 1, Err: "it said no"}
	if f.has("age") {
		s.ReadAt = now().Add(-f.duration("age"))
	}
	if f.arg(1) == "old" {
		s.Complete, s.Problem, s.Err = true, "", ""
	}
	c.in.Snapshot.Sources = append(c.in.Snapshot.Sources, s)
}

func (c *builder) recent(f *fields) error {
	r := gate.Recent{Record: f.arg(0), At: now().Add(-f.duration("age")), Open: f.flag("open"), Ends: f.list("ends")}
	for _, s := range f.list("sizes") {
		size := gate.Resize{Region: region}
		name, fromTo, _ := strings.Cut(s, ":")
		if _, err := fmt.Sscanf(fromTo, "%d-%d", &size.From, &size.To); err != nil {
			return fmt.Errorf("size %q: want GROUP:FROM-TO", s)
		}
		size.Group = name
		r.Sizes = append(r.Sizes, size)
	}
	c.in.Recent = append(c.in.Recent, r)
	return f.unused()
}

// finish fills in what follows from the lines: regions, and a complete read of
// every source no line speaks of.
func (c *builder) finish() {
	c.attach()
	set := map[string]bool{}
	for _, ch := range c.in.Plan.Changes {
		if gate.KeptAttributes(ch.Type) != nil && ch.Region != "" {
			set[ch.Region] = true
		}
	}
	c.in.Plan.Regions = slices.Sorted(maps.Keys(set))
	for _, name := range []string{gate.SourceIdentity, gate.SourceInstances, gate.SourceStatus, gate.SourceGroups, gate.SourceActivities, gate.SourceRefreshes, gate.SourceWarmPools, gate.SourceTargets} {
		for r := range set {
			if !slices.ContainsFunc(c.in.Snapshot.Sources, func(s gate.Source) bool { return s.Name == name && s.Region == r }) {
				c.in.Snapshot.Sources = append(c.in.Snapshot.Sources, gate.Source{Name: name, Region: r, ReadAt: now().Add(-10 * time.Second), Complete: true, Calls: 1})
			}
		}
	}
}

// value reads the text of an attribute: JSON if it is, else a string.
func value(s string) any {
	var v any
	if json.Unmarshal([]byte(s), &v) == nil {
		return v
	}
	return s
}

// fields are the words of a line: arguments, flags and key=value pairs. It
// remembers which were asked for, so that a misspelt one is an error.
type fields struct {
	args []string
	kv   map[string]string
	used map[string]bool
}

func newFields(words []string) *fields {
	f := &fields{kv: map[string]string{}, used: map[string]bool{}}
	for _, w := range words {
		if k, v, ok := strings.Cut(w, "="); ok && !strings.ContainsAny(k, "[\"") {
			f.kv[k] = v
		} else {
			f.args = append(f.args, w)
		}
	}
	return f
}

func (f *fields) arg(i int) string {
	if i < len(f.args) {
		f.used[f.args[i]] = true
		return f.args[i]
	}
	return ""
}

func (f *fields) has(k string) bool { f.used[k] = true; _, ok := f.kv[k]; return ok }

func (f *fields) str(k, missing string) string {
	if f.has(k) {
		return f.kv[k]
	}
	return missing
}

func (f *fields) num(k string, missing int) int {
	if n, err := strconv.Atoi(f.str(k, "")); err == nil {
		return n
	}
	return missing
}

func (f *fields) duration(k string) time.Duration {
	d, _ := time.ParseDuration(f.str(k, "0s"))
	return d
}

func (f *fields) flag(k string) bool { f.used[k] = true; return slices.Contains(f.args, k) }

func (f *fields) list(k string) []string {
	if s := f.str(k, ""); s != "" {
		return strings.Split(s, ",")
	}
	return nil
}

func (f *fields) pairs(k string) map[string]string {
	var out map[string]string
	for _, p := range f.list(k) {
		if out == nil {
			out = map[string]string{}
		}
		key, v, _ := strings.Cut(p, ":")
		out[key] = v
	}
	return out
}

func (f *fields) unused() error {
	for _, a := range f.args {
		if !f.used[a] {
			return fmt.Errorf("unknown word %q", a)
		}
	}
	for k := range f.kv {
		if !f.used[k] {
			return fmt.Errorf("unknown field %q", k)
		}
	}
	return nil
}

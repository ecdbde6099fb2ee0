package awssim

import (
	"maps"
	"slices"
	"time"
)

// The lifecycle states of a member that the group itself moves it through.
const (
	memberPending     = "Pending"
	pendingWait       = "Pending:Wait"
	inService         = "InService"
	terminating       = "Terminating"
	terminatingWait   = "Terminating:Wait"
	terminatingGoesOn = "Terminating:Proceed"
	standby           = "Standby"
	warmedStopped     = "Warmed:Stopped"
)

const (
	healthy   = "Healthy"
	unhealthy = "Unhealthy"
)

// group is one Auto Scaling group.
type group struct {
	asked               string // why it is about to change its size, as the causes of its activities begin; empty once it has
	name, arn, region   string
	created             time.Time
	min, max, desired   int
	zones, subnets      []string
	templateID          string
	templateVersion     string // "3", "$Latest" or "$Default"
	configuration       string // name of the launch configuration it has in place of a template
	targets             []string
	tags                []groupTag
	suspended           map[string]string // process -> why
	policies            []string
	metrics             []string
	cooldown, grace     int
	healthType          string
	protectNew          bool
	deletionProtection  string
	minHealthy          int // of the instance maintenance policy; -1: there is none
	maxHealthy          int
	hooks               []hook
	members             []*member
	warm                []*member
	activities          []*activity // newest first
	refreshes           []*refresh  // newest first
	status              string      // "Delete in progress"
	capacityRebalance   bool
	context             string
	maxLifetime, warmup int // seconds; zero: not set
}

type groupTag struct {
	key, value string
	propagate  bool
}

// member is an instance in a group, as the group sees it.
type member struct {
	id, zone  string
	lifecycle string
	health    string
	protected bool
	weight    int       // capacity units; zero means 1
	since     time.Time // of the lifecycle
	template  string
	version   int

	configuration string

	activity *activity // that is moving it
	proceed  func()    // ends the hook it waits in
	kind     string
}

func (g *group) clone() *group {
	c := *g
	c.zones, c.subnets = slices.Clone(g.zones), slices.Clone(g.subnets)
	c.targets, c.tags = slices.Clone(g.targets), slices.Clone(g.tags)
	c.suspended, c.policies = maps.Clone(g.suspended), slices.Clone(g.policies)
	c.metrics, c.hooks = slices.Clone(g.metrics), slices.Clone(g.hooks)
	c.members, c.warm = copies(g.members), copies(g.warm)
	c.activities, c.refreshes = copies(g.activities), copies(g.refreshes)
	return &c
}

func copies[T any](list []*T) []*T {
	c := make([]*T, len(list))
	for i, p := range list {
		v := *p
		c[i] = &v
	}
	return c
}

func (g *group) member(id string) *member {
	for _, m := range slices.Concat(g.members, g.warm) {
		if m.id == id {
			return m
		}
	}
	return nil
}

// counted are the members the group holds against its desired capacity. One
// that EC2 has ended, but whose end the group has not noticed, is among them.
func (g *group) counted() []*member {
	var list []*member
	for _, m := range g.members {
		if m.lifecycle == inService || m.lifecycle == memberPending || m.lifecycle == pendingWait {
			list = append(list, m)
		}
	}
	return list
}

// units is what the counted members hold of the desired capacity.
func (g *group) units() int {
	n := 0
	for _, m := range g.counted() {
		n += max(1, m.weight)
	}
	return n
}

func (m *member) leaving() bool {
	return m.lifecycle == terminating || m.lifecycle == terminatingWait || m.lifecycle == terminatingGoesOn
}

func (w *World) enterLifecycle(m *member, lifecycle string) {
	m.lifecycle, m.since = lifecycle, w.clock.now
}

func (g *group) runs(process string) bool {
	_, off := g.suspended[process]
	return !off
}

// spread are the zones of the group with how many counted members each has.
func (g *group) spread() map[string]int {
	n := map[string]int{}
	for _, zone := range g.zones {
		n[zone] = 0
	}
	for _, m := range g.counted() {
		n[m.zone]++
	}
	return n
}

// emptiest is the zone of the group's own with the fewest members.
func (g *group) emptiest() string {
	n := g.spread()
	return slices.MinFunc(g.zones, func(a, b string) int { return n[a] - n[b] })
}

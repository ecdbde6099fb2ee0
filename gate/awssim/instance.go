package awssim

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// An Instance is what is really there, as opposed to what some API shows: for
// assertions and for the demo. It is a copy.
type Instance struct {
	ID        string
	Region    string
	Zone      string
	Type      string
	Image     string
	State     string // EC2's: "pending", "running", "shutting-down", "terminated", "stopping", "stopped"
	Since     time.Time
	Launched  time.Time
	Tags      map[string]string
	Group     string // Auto Scaling group that has it as a member; empty if none
	Lifecycle string // in that group
	Health    string // in that group
	Protected bool   // from scale-in, in that group
	Template  string // version of the launch template it was made from
	System    string // status check of the host: "ok", "impaired", "initializing", "not-applicable"
	InService bool   // running, status checks ok and, if in a group, InService there
}

// An Event is a scheduled event of EC2.
type Event struct {
	ID          string // made up if empty
	Code        string // "instance-retirement", "system-reboot", ...
	Description string // with the prefix "[Completed] " once it is over
	NotBefore   time.Time
	NotAfter    time.Time // may be zero
}

// The states of an EC2 instance.
const (
	pending      = "pending"
	running      = "running"
	stopping     = "stopping"
	stopped      = "stopped"
	shuttingDown = "shutting-down"
	terminated   = "terminated"
)

// instance is one EC2 instance.
type instance struct {
	id, reservation string
	order           int // of launch: among equals the lower was first
	launchIndex     int // within its reservation
	region, zone    string
	kind, image     string
	keyName         string
	profile         string
	userData        string
	securityGroups  []string
	address         string
	tags            map[string]string
	state           string
	since           time.Time
	launched        time.Time
	reason          string // StateTransitionReason
	code, message   string // StateReason
	checked         time.Time
	system, status  string // status checks as a human set them; empty: as time passes
	events          []Event
	detached        bool // its network interface is gone
	managed         bool // by an AWS service that hides it
	monitored       bool
	ebsOptimized    bool
	keepAlive       bool   // DisableApiTermination
	keepRunning     bool   // DisableApiStop
	onShutdown      string // InstanceInitiatedShutdownBehavior
	volume          string
	volumeSize      int
	volumeType      string
	clientToken     string
	group           string
	template        string // launch template id
	version         int    // of the launch template
}

func (in *instance) clone() *instance {
	c := *in
	c.tags = maps.Clone(in.tags)
	c.events = slices.Clone(in.events)
	c.securityGroups = slices.Clone(in.securityGroups)
	return &c
}

// launch makes an instance from spec; it becomes running by the clock.
func (w *World) launch(r *region, spec InstanceSpec) *instance {
	w.issued++
	in := &instance{
		id:             w.id("i"),
		order:          w.issued,
		region:         r.name,
		zone:           spec.Zone,
		kind:           orElse(spec.Type, "t3.micro"),
		image:          orElse(spec.Image, "ami-0123456789abcdef0"),
		tags:           maps.Clone(spec.Tags),
		managed:        spec.Hidden,
		launched:       w.clock.now,
		onShutdown:     "stop",
		volume:         w.id("vol"),
		volumeSize:     8,
		volumeType:     "gp3",
		securityGroups: []string{r.known("sg")},
	}
	if in.tags == nil {
		in.tags = map[string]string{}
	}
	if in.zone == "" {
		in.zone = r.zones()[len(r.instances)%3]
	}
	in.reservation = w.id("r")
	in.address = "172.31." + strconv.Itoa(16*slices.Index(r.zones(), in.zone)+in.order/250%16) + "." + strconv.Itoa(4+in.order%250)
	r.instances[in.id] = in
	w.start(in)
	return in
}

// start brings an instance up from pending.
func (w *World) start(in *instance) {
	w.enterState(in, pending, "", "", "")
	w.whileIn(in, w.timing.Pending, func() {
		w.enterState(in, running, "", "", "")
		in.checked = w.clock.now.Add(w.timing.Checks)
		w.instanceRuns(in)
	})
}

// stop brings an instance down but keeps it.
func (w *World) stop(in *instance) {
	if in.state != running && in.state != pending {
		return
	}
	w.enterState(in, stopping, w.userInitiated(), "Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown")
	w.noticeLater(in)
	w.whileIn(in, w.timing.Stopping, func() {
		w.enterState(in, stopped, in.reason, in.code, in.message)
	})
}

// terminate ends an instance for good. Doing it twice changes nothing.
func (w *World) terminate(in *instance) {
	if in.state == shuttingDown || in.state == terminated {
		return
	}
	w.enterState(in, shuttingDown, w.userInitiated(), "Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown")
	w.noticeLater(in)
	if d := w.timing.Detach; d > 0 {
		w.whileIn(in, d, func() { in.detached = true })
	}
	w.whileIn(in, w.timing.ShuttingDown, func() {
		w.enterState(in, terminated, in.reason, in.code, in.message)
		in.detached = true
		w.region(in.region).released(in.id)
		w.instanceEnded(in)
		w.after(w.timing.TagsFall, func() { clear(in.tags) })
		w.after(w.timing.Visible, func() { delete(w.region(in.region).instances, in.id) })
	})
}

func (w *World) userInitiated() string {
	return "User initiated (" + w.clock.now.Format("2006-01-02 15:04:05") + " GMT)"
}

func (w *World) enterState(in *instance, state, reason, code, message string) {
	in.state, in.since = state, w.clock.now
	in.reason, in.code, in.message = reason, code, message
}

// whileIn lets do happen after d, unless the instance has left its state.
func (w *World) whileIn(in *instance, d time.Duration, do func()) {
	state, since := in.state, in.since
	w.after(d, func() {
		if in.state == state && in.since.Equal(since) {
			do()
		}
	})
}

// checks returns what the status checks of an instance say at a time.
func (in *instance) checks(at time.Time) (system, status string) {
	switch {
	case in.state != running:
		return "not-applicable", "not-applicable"
	case at.Before(in.checked):
		system, status = "initializing", "initializing"
	default:
		system, status = "ok", "ok"
	}
	return orElse(in.system, system), orElse(in.status, status)
}

// copyOf shows an instance to the outside.
func (w *World) copyOf(in *instance) Instance {
	r := w.region(in.region)
	system, status := in.checks(w.clock.now)
	c := Instance{
		ID: in.id, Region: r.name, Zone: in.zone, Type: in.kind, Image: in.image,
		System: system, State: in.state, Since: in.since, Launched: in.launched, Tags: maps.Clone(in.tags),
		InService: in.state == running && system == "ok" && status == "ok",
	}
	if in.version > 0 {
		c.Template = strconv.Itoa(in.version)
	}
	if g := r.groups[in.group]; g != nil {
		if m := g.member(in.id); m != nil {
			c.Group, c.Lifecycle, c.Health, c.Protected = g.name, m.lifecycle, m.health, m.protected
			c.InService = c.InService && m.lifecycle == inService
		}
	}
	return c
}

func orElse(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

package awssim

import (
	"fmt"
	"time"
)

// An InstanceSpec is what a human fills in to launch an instance. All of it
// may be left out.
type InstanceSpec struct {
	Region string // empty: DefaultRegion
	Zone   string // empty: the World spreads instances over three zones
	Type   string
	Image  string
	Tags   map[string]string
	Hidden bool          // managed by an AWS service that hides it from ordinary reads
	Age    time.Duration // it has been running, checks ok, for this long; zero: it is pending now
}

// The acts below are those of a human at the console. They panic when there is
// no instance or group of that name: the mistake is in the test.

// RunInstance launches an instance and returns its id.
func (w *World) RunInstance(spec InstanceSpec) string {
	defer w.enter()()
	defer w.written()
	r := w.region(spec.Region)
	in := w.launch(r, spec)
	if spec.Age > 0 {
		w.settle(in, spec.Age)
	}
	e := w.launchedBy(r, in, spec.Hidden)
	e.at = in.launched
	return in.id
}

// settle makes an instance one that has been running for a while.
func (w *World) settle(in *instance, age time.Duration) {
	in.launched = w.clock.now.Add(-age)
	in.state, in.since, in.checked = running, in.launched, in.launched
}

// TerminateInstance terminates instances through EC2, behind the back of any
// group they are in.
func (w *World) TerminateInstance(ids ...string) {
	w.act(ids, w.terminate)
	w.byHandTo("ec2", "TerminateInstances", nil, ids...)
}

// StopInstance stops instances.
func (w *World) StopInstance(ids ...string) {
	w.act(ids, w.stop)
	w.byHandTo("ec2", "StopInstances", nil, ids...)
}

// StartInstance starts stopped instances.
func (w *World) StartInstance(ids ...string) {
	w.act(ids, func(in *instance) {
		if in.state == stopped {
			w.start(in)
		}
	})
	w.byHandTo("ec2", "StartInstances", nil, ids...)
}

// InterruptSpot lets EC2 take instances back, as it does with spot instances.
func (w *World) InterruptSpot(ids ...string) {
	w.act(ids, func(in *instance) {
		w.terminate(in)
		in.reason, in.code, in.message = "Server.SpotInstanceTermination", "Server.SpotInstanceTermination", "Server.SpotInstanceTermination: Spot instance termination"
		w.evicted(in)
	})
}

// SetTags adds tags to an instance; an empty value takes a tag away.
func (w *World) SetTags(id string, tags map[string]string) {
	w.act([]string{id}, func(in *instance) {
		for k, v := range tags {
			if in.tags[k] = v; v == "" {
				delete(in.tags, k)
			}
		}
	})
	params := form{"ResourceId.1": {id}}
	for i, k := range keys(tags) {
		params["Tag."+itoa(i+1)+".Key"], params["Tag."+itoa(i+1)+".Value"] = []string{k}, []string{tags[k]}
	}
	w.byHandTo("ec2", "CreateTags", params, id)
}

// SetType changes an instance's type, as if it had been stopped for it.
func (w *World) SetType(id, kind string) {
	w.act([]string{id}, func(in *instance) { in.kind = kind })
	w.byHandTo("ec2", "ModifyInstanceAttribute", form{"InstanceId": {id}, "InstanceType.Value": {kind}}, id)
}

// SetStatus makes the status checks of an instance say what they are told,
// such as "impaired"; empty leaves them to the clock again.
func (w *World) SetStatus(id, system, status string) {
	w.act([]string{id}, func(in *instance) {
		in.system, in.status = system, status
		w.noticeLater(in)
	})
}

// AddEvent schedules an event for an instance.
func (w *World) AddEvent(id string, e Event) {
	w.act([]string{id}, func(in *instance) {
		if e.ID == "" {
			e.ID = w.id("instance-event")
		}
		in.events = append(in.events, e)
	})
}

// SetState puts an instance into a state that nothing leads to, or leads out
// of: for values that a program does not know.
func (w *World) SetState(id, state string) {
	w.act([]string{id}, func(in *instance) { w.enterState(in, state, "", "", "") })
}

// Instances returns what is there in a region, by id, terminated ones too
// while they are visible.
func (w *World) Instances(region string) []Instance {
	defer w.enter()()
	r := w.region(region)
	var list []Instance
	for _, in := range sorted(r.instances) {
		list = append(list, w.copyOf(in))
	}
	return list
}

// Instance returns one instance as it is now.
func (w *World) Instance(id string) Instance {
	var c Instance
	w.act([]string{id}, func(in *instance) { c = w.copyOf(in) })
	return c
}

// act does something to instances, wherever they are.
func (w *World) act(ids []string, do func(*instance)) {
	defer w.enter()()
	defer w.written()
	for _, id := range ids {
		in := w.find(id)
		if in == nil {
			panic(fmt.Sprintf("awssim: there is no instance %q", id))
		}
		do(in)
	}
}

func (w *World) find(id string) *instance {
	for _, r := range sorted(w.regions) {
		if in := r.instances[id]; in != nil {
			return in
		}
	}
	return nil
}

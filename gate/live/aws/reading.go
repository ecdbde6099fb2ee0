package aws

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// A reading is one Collect under way: what each service said, as it said it.
// Nothing is judged before all of it is there.
type reading struct {
	*Collector
	region  string
	brief   bool // who is there, and not how they are
	clients clients

	identity, instances, status, groups, activities, refreshes, warmpools, targets source

	asked map[string][]string // further sources to read, and the ids they are about
	extra map[string]*source  // those sources, by name

	dms migrations

	mu      sync.Mutex
	account string
	caller  string                             // ARN
	ec2     map[string]ec2types.Instance       // by id, as the last answer has it
	said    map[string][]string                // by id, every state that an answer gave it
	tagged  map[string]bool                    // ids and group names that a search by tag gave
	unread  map[string]bool                    // ids EC2 gave no answer about
	past    map[string]past                    // by id, what groups remember of instances
	began   time.Time                          // when reading began
	latest  time.Time                          // the latest time that an answer gave for now; zero: none did
	checks  map[string]ec2types.InstanceStatus // by id
	asgs    map[string]asgtypes.AutoScalingGroup
	told    map[string]bool                                          // names of groups that were asked what they do
	again   bool                                                     // ask was called before
	checked map[string]bool                                          // ids that status checks were asked about
	seats   map[string]seat                                          // by instance id
	warm    map[string]int                                           // instances in the warm pool, by group name
	ops     map[string][]gate.Operation                              // by group name, in no order
	health  map[string]map[string][]elbtypes.TargetHealthDescription // by ARN, then by target id; an ARN that was read has an entry
	stores  []gate.DataStore                                         // in no order
}

// seat is the place an instance has in a group or in its warm pool.
type seat struct {
	group  string
	warm   bool
	member asgtypes.Instance
}

func newReading(c *Collector, region string, w live.Want) *reading {
	r := &reading{
		Collector: c,
		region:    region,
		brief:     w.Brief,
		asked:     w.Asked,
		extra:     map[string]*source{},
		ec2:       map[string]ec2types.Instance{},
		said:      map[string][]string{},
		tagged:    map[string]bool{},
		unread:    map[string]bool{},
		past:      map[string]past{},
		checks:    map[string]ec2types.InstanceStatus{},
		asgs:      map[string]asgtypes.AutoScalingGroup{},
		told:      map[string]bool{},
		checked:   map[string]bool{},
		seats:     map[string]seat{},
		warm:      map[string]int{},
		ops:       map[string][]gate.Operation{},
		health:    map[string]map[string][]elbtypes.TargetHealthDescription{},
		dms:       migrations{done: make(chan struct{})},
	}
	for i, name := range []string{gate.SourceIdentity, gate.SourceInstances, gate.SourceStatus, gate.SourceGroups,
		gate.SourceActivities, gate.SourceRefreshes, gate.SourceWarmPools, gate.SourceTargets} {
		r.sources()[i].name = name
	}
	for name := range w.Asked {
		r.extra[name] = &source{name: name}
	}
	return r
}

// sources are those that are always read, and those that were asked for.
func (r *reading) sources() []*source {
	always := []*source{&r.identity, &r.instances, &r.status, &r.groups, &r.activities, &r.refreshes, &r.warmpools, &r.targets}
	return slices.AppendSeq(always, maps.Values(r.extra))
}

// read asks who is there, many at once.
func (r *reading) read(ctx context.Context, w live.Want) {
	r.clients = r.Collector.clients(r.region)
	together(
		func() { r.readIdentity(ctx) },
		func() { r.discover(ctx, w) },
	)
	if w.Brief {
		r.readAsked(ctx)
		r.blame()
	}
}

// ask asks how those are who were found, and these groups what they do.
func (r *reading) ask(ctx context.Context, groups []string) live.Part {
	first := !r.again
	r.again = true
	groups = slices.DeleteFunc(slices.Clone(groups), func(name string) bool { _, known := r.asgs[name]; return !known })
	r.readWarmPools(ctx, groups)
	together(
		func() { r.readStatus(ctx) },
		func() { r.readActivities(ctx, groups) },
		func() { r.readRefreshes(ctx, groups) },
		func() {
			if first {
				r.readAsked(ctx)
			}
		},
	)
	for _, name := range groups {
		r.told[name] = true
	}
	r.agreeOnLaunches()
	if first {
		r.blame()
	}
	return r.part()
}

// blame marks the sources that could not be asked about everybody, because
// those whom they are about were not all found.
func (r *reading) blame() {
	if !r.groups.whole() {
		for _, s := range []*source{&r.activities, &r.refreshes, &r.warmpools, &r.targets} {
			s.fail(fault{gate.ProblemMissing, s.name + " in " + r.region + " was not read for every group, because not every group could be read"})
		}
	}
	if !r.instances.whole() {
		r.status.fail(fault{gate.ProblemMissing, r.status.name + " in " + r.region + " was not read for every member, because not every member could be read"})
	}
}

// part is what was read, in the words of the gate.
func (r *reading) part() live.Part {
	p := live.Part{Account: r.account, Caller: r.caller, Members: r.members(), Groups: r.liveGroups(), DataStores: r.stores}
	at := r.o.Now().UTC()
	for _, s := range r.sources() {
		p.Sources = append(p.Sources, s.row(r.region, at))
	}
	return p
}

// discover finds the members and groups that are wanted, and then whoever
// they lead to: the group of a member, the members of a group, the targets of
// a target group. It ends when nothing new is named.
func (r *reading) discover(ctx context.Context, w live.Want) {
	r.began = r.o.Now()
	together(
		func() { r.groupsByTag(ctx, w) },
		func() { r.instancesByTag(ctx, w) },
	)
	asked := asked{groups: map[string]bool{}, ids: map[string]bool{}, targets: map[string]bool{}}
	for ctx.Err() == nil {
		names := asked.newGroups(r.groupsNamed(w))
		arns := asked.newTargets(r.targetsNamed(w))
		ids := asked.newIDs(r.instancesNamed(w))
		if len(names)+len(arns)+len(ids) == 0 {
			r.agree(w, asked.groups, r.began)
			return
		}
		together(
			func() { r.groupsByName(ctx, names) },
			func() { r.instancesOfGroups(ctx, names) },
			func() { r.readTargets(ctx, arns) },
			func() { r.instancesByID(ctx, ids) },
		)
	}
	// The deadline came before the end, even if no single call met it.
	for _, s := range []*source{&r.instances, &r.groups, &r.targets} {
		s.fail(interrupted(ctx, s.name+" in "+r.region))
	}
}

// asked is what was asked for by name so far.
type asked struct{ groups, ids, targets map[string]bool }

func (a asked) newGroups(names []string) []string { return unseen(a.groups, names) }
func (a asked) newIDs(ids []string) []string      { return unseen(a.ids, ids) }
func (a asked) newTargets(arns []string) []string { return unseen(a.targets, arns) }

// unseen returns those of names that are not in seen, sorted, and adds them.
func unseen(seen map[string]bool, names []string) []string {
	var out []string
	for _, n := range names {
		if n != "" && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// each calls do for all items at the same time; the client lets only a few
// calls out at once.
func each[T any](items []T, do func(T)) {
	fs := make([]func(), len(items))
	for i, item := range items {
		fs[i] = func() { do(item) }
	}
	together(fs...)
}

// together runs functions at the same time and waits for all of them. A panic
// in one is the caller's: left in its goroutine it would end the process.
func together(fs ...func()) {
	var running sync.WaitGroup
	panics := make([]any, len(fs))
	for i, f := range fs {
		running.Go(func() {
			defer func() { panics[i] = recover() }()
			f()
		})
	}
	running.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
}

// errSamePage means that pages would go on for ever.
var errSamePage = errors.New("a page was given twice")

// pages reads every page of one answer; page takes one in and returns the
// token of the next. It returns the page, counted from 1, at which it failed.
func pages[T any](ctx context.Context, s *source, more func() bool, next func(context.Context) (T, error), page func(T) *string) (int, error) {
	ctx = s.ctx(ctx)
	tokens := map[string]bool{}
	for n := 1; more(); n++ {
		out, err := next(ctx)
		if err != nil {
			return n, err
		}
		s.got()
		token := sdk.ToString(page(out))
		// A token that comes back leads round in a circle, and whoever is on the
		// pages after it is never seen.
		if token != "" && tokens[token] {
			return n, errSamePage
		}
		tokens[token] = true
	}
	return 0, nil
}

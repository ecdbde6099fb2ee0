package aws

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/holdfast-gate/holdfast/gate"
)

const (
	callLookup  = "cloudtrail:LookupEvents"
	lookupTurn  = time.Second / 2  // between two calls: 2 a second are allowed, for one account and region (CloudTrail API, LookupEvents)
	lookupPages = 10               // most pages of one event
	lookupTries = 3                // most times that one page is asked for
	trailWindow = 6 * time.Hour    // how far back is looked
	delivery    = 15 * time.Minute // what is younger may not be there yet (aws-semantics 4.1)
)

// trailEvents are the events that are looked for, those first that most often
// explain who is missing or new. One call covers all members.
func trailEvents() []string {
	return []string{
		"TerminateInstances", "UpdateAutoScalingGroup", "RunInstances", "SetDesiredCapacity", "StopInstances", "BidEvictedEvent",
		"TerminateInstanceInAutoScalingGroup", "DetachInstances", "EnterStandby", "SuspendProcesses", "ModifyInstanceAttribute",
		"StartInstances", "SetInstanceProtection", "DeregisterTargets", "CreateTags", "DeleteTags", "CreateOrUpdateTags", "AttachInstances", "ExitStandby",
		"ResumeProcesses", "StartInstanceRefresh", "RegisterTargets", "RebootInstances", "CreateAutoScalingGroup", "DeleteAutoScalingGroup",
	}
}

// A Trail is the history of calls of some regions while it is read. It never
// holds anybody up: whoever wants to know asks what is Known by now.
type Trail struct {
	done chan struct{}

	mu     sync.Mutex
	events []gate.Attribution
	reach  map[string]*gate.Reach
}

// StartTrail begins to read who did what in regions, until the context ends.
// A read that fails, or that is never over, is in the Reach of its region.
func (c *Collector) StartTrail(ctx context.Context, regions []string, known Rules) *Trail {
	t := &Trail{done: make(chan struct{}), reach: map[string]*gate.Reach{}}
	until := c.o.Now().UTC()
	for _, region := range regions {
		t.reach[region] = &gate.Reach{Region: region, From: until.Add(-trailWindow), Until: until.Add(-delivery), Unread: trailEvents(),
			Problem: gate.ProblemTimeout, Err: callLookup + " in " + region + " was not over when this was shown"}
	}
	var running sync.WaitGroup
	for _, region := range regions {
		running.Go(func() { c.lookup(ctx, t, region, known) })
	}
	go func() {
		running.Wait()
		close(t.done)
	}()
	return t
}

// Done is closed when there is nothing left to read.
func (t *Trail) Done() <-chan struct{} { return t.done }

// Known is what was read by now.
func (t *Trail) Known() gate.Trail {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := gate.Trail{Attributions: slices.Clone(t.events)}
	for _, region := range sortedKeys(t.reach) {
		r := *t.reach[region]
		r.Read, r.Unread = slices.Clone(r.Read), slices.Clone(r.Unread)
		out.Reach = append(out.Reach, r)
	}
	return out
}

// change changes the reach of a region.
func (t *Trail) change(region string, do func(*gate.Reach)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do(t.reach[region])
}

// lookup reads one region, event by event.
func (c *Collector) lookup(ctx context.Context, t *Trail, region string, known Rules) {
	defer func() {
		if recover() != nil {
			t.change(region, func(r *gate.Reach) {
				r.Problem, r.Err = gate.ProblemFailed, callLookup+" in "+region+" failed by a defect of holdfast"
			})
		}
	}()
	if f := c.ready(ctx); f != nil {
		t.change(region, func(r *gate.Reach) { r.Problem, r.Err = f.problem, f.text })
		return
	}
	l := looking{Collector: c, Trail: t, region: region, known: known, client: cloudtrail.NewFromConfig(c.settings(region, wholeJSON), once)}
	for _, name := range trailEvents() {
		whole, f := l.event(ctx, name)
		t.change(region, func(r *gate.Reach) {
			r.Calls = int(l.calls.Load())
			if whole {
				r.Read = append(r.Read, name)
				r.Unread = slices.DeleteFunc(r.Unread, func(n string) bool { return n == name })
			}
			// Who does not wait any longer makes no fault of CloudTrail's.
			if f != nil && ctx.Err() == nil {
				r.Problem, r.Err = f.problem, f.text
			}
		})
		// What one event was refused for, the others are too.
		if f != nil {
			return
		}
	}
	t.change(region, func(r *gate.Reach) {
		r.Complete, r.Problem, r.Err = len(r.Unread) == 0, gate.ProblemNone, ""
		if !r.Complete {
			r.Problem, r.Err = gate.ProblemPartial, callLookup+" in "+region+" has more of some events than were read"
		}
	})
}

// once lets the client send each request once: every request waits for its turn.
func once(o *cloudtrail.Options) { o.Retryer = sdk.NopRetryer{} }

// looking is the reading of one region.
type looking struct {
	*Collector
	*Trail
	region string
	known  Rules
	client *cloudtrail.Client
	calls  atomic.Int64
	next   time.Time // when the next call may be made
}

// event reads all there is of one event within the window, the newest first.
// It reports whether it came to the end.
func (l *looking) event(ctx context.Context, name string) (whole bool, f *fault) {
	from := l.o.Now().UTC().Add(-trailWindow)
	in := &cloudtrail.LookupEventsInput{StartTime: &from, MaxResults: l.pageSize(),
		LookupAttributes: []trailtypes.LookupAttribute{{AttributeKey: trailtypes.LookupAttributeKeyEventName, AttributeValue: &name}}}
	for range lookupPages {
		out, f := l.page(ctx, in)
		if f != nil {
			return false, f
		}
		for _, e := range out.Events {
			l.keep(sdk.ToString(e.CloudTrailEvent))
		}
		if sdk.ToString(out.NextToken) == "" {
			return true, nil
		}
		in.NextToken = out.NextToken
	}
	return false, nil
}

func (l *looking) pageSize() *int32 {
	most := int32(50)
	if l.o.PageSize > 0 {
		most = min(most, l.o.PageSize)
	}
	return &most
}

// page makes one call in its turn, again where somebody else in the account
// took the turn.
func (l *looking) page(ctx context.Context, in *cloudtrail.LookupEventsInput) (*cloudtrail.LookupEventsOutput, *fault) {
	var f fault
	for range lookupTries {
		if err := l.turn(ctx); err != nil {
			f = interrupted(ctx, callLookup+" in "+l.region)
			return nil, &f
		}
		out, err := l.client.LookupEvents(counting(ctx, &l.calls), in)
		if err == nil {
			return out, nil
		}
		if f = explain(ctx, callLookup, l.region, err); f.problem != gate.ProblemThrottled {
			break
		}
	}
	return nil, &f
}

// turn waits until a call may be made.
func (l *looking) turn(ctx context.Context) error {
	if wait := l.next.Sub(l.o.Now()); wait > 0 {
		if err := l.o.Sleep(ctx, wait); err != nil {
			return err
		}
	}
	l.next = l.o.Now().Add(lookupTurn)
	return ctx.Err()
}

// keep notes what a record says. One that cannot be read explains nothing.
func (l *looking) keep(text string) {
	r, parts, ok := parse(text)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, attributions(l.region, r, parts, l.known)...)
}

package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// watchEvery is how often the members are looked at while terraform applies.
const watchEvery = 5 * time.Second

// errLost is the end of a lease before the end of the change.
var errLost = errors.New("the lease was lost: somebody else may change the same cluster now")

// watched has terraform apply the plan while the members are watched. It
// returns terraform's exit status, and why terraform was asked to stop, if it
// was. lost is closed when the lease no longer protects the change.
func (w *Wrapper) watched(ctx context.Context, d decision, call terraform.ApplyCall, lost <-chan struct{}) (code int, stopped string, err error) {
	stop := make(chan struct{})
	call.Stop = stop
	// An interrupt by the user is terraform's to act on: until it has ended, its
	// members are watched.
	ctx, end := context.WithCancelCause(context.WithoutCancel(ctx))
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		if stopped = w.watch(ctx, d, lost); stopped != "" {
			fmt.Fprintf(w.Log, "\nholdfast: terraform is asked to stop: %s\n\n", stopped)
			close(stop)
		}
	}()
	code, err = w.Tool.Apply(call)
	end(nil)
	<-watching
	return code, stopped, err
}

// watch returns why terraform must stop, or nothing when the context has ended.
// A read that failed is said and stops nothing: to stop a change halfway for
// not seeing could itself be the outage.
func (w *Wrapper) watch(ctx context.Context, d decision, lost <-chan struct{}) string {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-lost:
			cancel(errLost)
		case <-ctx.Done():
		}
	}()
	if len(touched(d.Verdict)) == 0 {
		<-ctx.Done() // nobody to look at
	}
	blind := false
	for w.Sleep(ctx, watchEvery) == nil {
		now, err := w.glance(ctx, d)
		if ctx.Err() != nil {
			break
		}
		before := blind
		if blind = err != nil || unseen(now.Snapshot); blind && !before {
			fmt.Fprintln(w.Log, "holdfast: not all members can be seen at the moment; terraform goes on.")
		}
		if err != nil {
			continue
		}
		// A cluster that was not read to its end is left alone by the core; one in
		// another region was read, and is looked at.
		now.Now = w.Now()
		findings := gate.Watch(d.Verdict, now)
		if len(findings) > 0 && w.stops(said(findings)) {
			return said(findings)
		}
	}
	if errors.Is(context.Cause(ctx), errLost) && w.stops(errLost.Error()) {
		return errLost.Error()
	}
	return ""
}

// glance reads who is there now in the clusters that the plan touches. Where that
// leaves out anybody who served, it reads all that the plan is about.
func (w *Wrapper) glance(ctx context.Context, d decision) (now gate.Input, err error) {
	now = d.input
	now.Plan = d.Verdict.Watched(d.input.Plan)
	now.Snapshot, err = w.Live(ctx, now.Plan)
	if err == nil && len(now.Plan.Changes) < len(d.input.Plan.Changes) && d.Verdict.Overlooked(now) {
		now.Plan = d.input.Plan
		now.Snapshot, err = w.Live(ctx, now.Plan)
	}
	return now, err
}

// stops reports whether terraform is to be stopped for a reason. Where nothing
// is refused, the reason is said once and kept for the record.
func (w *Wrapper) stops(reason string) bool {
	if w.Config.Observe && w.observed == "" {
		w.observed = reason
		fmt.Fprintf(w.Log, "\nholdfast: observe mode: terraform would have been asked to stop: %s\n\n", reason)
	}
	return !w.Config.Observe
}

// unseen reports whether a source was not read to its end.
func unseen(s *gate.Snapshot) bool {
	for _, source := range s.Sources {
		if !source.Complete {
			return true
		}
	}
	return len(s.Sources) == 0
}

// said is what findings say, in one line.
func said(findings []gate.Finding) string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Message)
	}
	return strings.Join(out, "; ")
}

// follow looks at the clusters that were changed until nothing moves in them,
// for at most w.Follow. It returns the last look at them, and whether they have
// settled; false without a look means that it did not follow.
func (w *Wrapper) follow(ctx context.Context, d decision) (clusters []*gate.View, settled bool) {
	changed := names(touched(d.Verdict))
	if len(changed) == 0 || w.Follow == 0 {
		return nil, false
	}
	began := w.Now()
	// The first looks come soon: most changes are over when terraform is.
	for pause := time.Second; ; pause = min(2*pause, pollEvery) {
		seen, err := w.glance(ctx, d)
		if err != nil || ctx.Err() != nil {
			return clusters, false
		}
		in := gate.Input{Now: w.Now(), Config: w.Config, Plan: seen.Plan, Snapshot: seen.Snapshot}
		clusters = look(in, changed)
		moving := moves(clusters, in.Now)
		if moving == "" && !unseen(seen.Snapshot) {
			return clusters, true
		}
		elapsed := w.Now().Sub(began)
		if elapsed >= w.Follow {
			return clusters, false
		}
		fmt.Fprintf(w.Log, "Still settling… %s [%s elapsed]\n", moving, elapsed.Round(time.Second))
		if w.Sleep(ctx, min(pause, w.Follow-elapsed)) != nil {
			return clusters, false
		}
	}
}

// look is what clusters look like, of those an input knows.
func look(in gate.Input, names []string) []*gate.View {
	var out []*gate.View
	for _, c := range gate.Clusters(in) {
		for _, name := range names {
			if c.Cluster.Name == name {
				out = append(out, c)
			}
		}
	}
	return out
}

// moves says who moves in clusters; empty means nobody.
func moves(clusters []*gate.View, now time.Time) string {
	var out []string
	for _, c := range clusters {
		if moving := movers(c, now); len(moving) > 0 {
			out = append(out, c.Cluster.Name+": "+strings.Join(moving, ", "))
		}
	}
	return strings.Join(out, "; ")
}

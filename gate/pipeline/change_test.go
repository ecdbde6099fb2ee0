package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/ledger"
)

func TestRecords(t *testing.T) {
	tests := map[string]struct {
		verdicts []gate.Verdict
		observe  bool
		code     int
		records  string
	}{
		"allowed":                    {verdicts: []gate.Verdict{touching(allow())}, records: "intent outcome settled"},
		"refused":                    {verdicts: []gate.Verdict{touching(block("quorum.lost"))}, code: 1, records: "refused"},
		"refused under the lease":    {verdicts: []gate.Verdict{touching(allow()), touching(block("quorum.lost"))}, code: 1, records: "refused"},
		"a change of no cluster":     {verdicts: []gate.Verdict{allow()}, records: "intent outcome"},
		"refused, but only observed": {verdicts: []gate.Verdict{touching(block("quorum.lost"))}, observe: true, records: "intent outcome settled"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "", test.verdicts...)
			w.Config.Observe, w.Follow = test.observe, time.Minute
			w.Live = sees(w, []string{"i-1", "i-2"})
			code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"})
			if code != test.code || err != nil || w.records() != test.records {
				t.Errorf("got %d, %v, %q; want %d, %q", code, err, w.records(), test.code, test.records)
			}
			for e, err := range w.Ledger.Records(t.Context(), "") {
				if r := e.Record; err != nil || r.Run != "ours" || r.Plan != w.last.Plan.Digest || (r.Kind == ledger.Intent) && r.Would != test.observe {
					t.Errorf("got %+v, %v", r, err)
				}
			}
		})
	}
}

// sees is a Live that finds these members of search serving, and notes a look.
func sees(w *world, ids []string) func(context.Context, *gate.Plan) (*gate.Snapshot, error) {
	live := w.Live
	return func(ctx context.Context, p *gate.Plan) (*gate.Snapshot, error) {
		if _, err := live(ctx, p); err != nil {
			return nil, err
		}
		s := &gate.Snapshot{Account: "123456789012", Caller: "arn:aws:sts::123456789012:assumed-role/sre/jo"}
		for _, id := range ids {
			s.Members = append(s.Members, gate.Member{ID: id, Region: "us-east-1", Phase: gate.Steady, Serving: gate.ServingYes, Tags: map[string]string{"Cluster": "search"}, Launched: clock.Add(-time.Hour)})
		}
		for _, name := range append(gate.Live(), gate.SourceIdentity) {
			s.Sources = append(s.Sources, gate.Source{Name: name, Region: "us-east-1", Complete: true, ReadAt: w.now})
		}
		return s, nil
	}
}

func TestTheOutcomeSaysHowManyServe(t *testing.T) {
	w := newWorld(t, "", touching(allow()))
	w.Follow = time.Minute
	w.Config.Clusters = []gate.Cluster{{Name: "search", Members: gate.Selector{Tags: map[string]string{"Cluster": "search"}}, Roles: []gate.Role{{SurvivorFloor: 2}}}}
	w.Live = sees(w, []string{"i-1", "i-2", "i-3"})
	if code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"}); code != 0 || err != nil {
		t.Fatalf("got %d, %v", code, err)
	}
	if want := "holdfast: search has settled: 3 in service, it needs 2.\n"; !strings.Contains(w.log.String(), want) {
		t.Errorf("got %q, want %q in it", w.log.String(), want)
	}
}

func TestTerraformIsStopped(t *testing.T) {
	tests := map[string]struct {
		during  func(w *world)
		observe bool
		says    string // empty: it is not stopped
	}{
		"when the members fall below what they promise": {func(w *world) { w.Live = sees(w, []string{"i-2", "i-3"}); w.looks <- struct{}{} }, false, "search"},
		"not when nothing happens":                      {func(w *world) { w.looks <- struct{}{}; w.looks <- struct{}{} }, false, ""},
		"not because a read fails": {func(w *world) {
			w.Live = func(context.Context, *gate.Plan) (*gate.Snapshot, error) { return nil, errors.New("away") }
			w.looks <- struct{}{}
			w.looks <- struct{}{}
		}, false, ""},
		"while another region cannot be read": {func(w *world) {
			seen := sees(w, []string{"i-2", "i-3"})
			w.Live = func(ctx context.Context, p *gate.Plan) (*gate.Snapshot, error) {
				s, err := seen(ctx, p)
				s.Sources = append(s.Sources, gate.Source{Name: gate.SourceInstances, Region: "eu-west-1", Problem: gate.ProblemDenied})
				return s, err
			}
			w.looks <- struct{}{}
		}, false, "search"},
		"not where nothing is refused": {func(w *world) { w.Live = sees(w, []string{"i-2", "i-3"}); w.looks <- struct{}{}; w.looks <- struct{}{} }, true, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			w.Config.Observe = test.observe
			w.Config.Clusters = []gate.Cluster{{Name: "search", Members: gate.Selector{Tags: map[string]string{"Cluster": "search"}}, Roles: []gate.Role{{SurvivorFloor: 2}}}}
			w.Evaluate = func(in gate.Input) gate.Verdict {
				return gate.Evaluate(in, []*gate.Check{{Name: "nothing", Run: func(*gate.Pass) error { return nil }}})
			}
			w.Live = sees(w, []string{"i-1", "i-2", "i-3"})
			plan := &gate.Plan{FormatVersion: "1.2", CreatedAt: clock, Changes: []gate.Change{{
				Address: "aws_instance.a", Type: "aws_instance", ID: "i-3", Region: "us-east-1", Action: gate.Delete, Before: gate.Attrs{"tags": map[string]any{"Cluster": "search"}}}}}
			w.Decode = decoded(plan)
			d := decision{input: gate.Input{Now: clock, Config: w.Config, Plan: plan}}
			d.input.Snapshot, _ = w.Live(t.Context(), plan)
			d.Verdict = w.Evaluate(d.input)
			stopped := w.during(d, func() { test.during(w) }, test.says != "")
			if (stopped == "") != (test.says == "") || !strings.Contains(stopped, test.says) {
				t.Errorf("got %q, want %q", stopped, test.says)
			}
			// Where nothing is refused, it is said and recorded all the same.
			if said := strings.Count(w.log.String(), "observe mode: terraform would have been asked to stop: search"); (said == 1) != test.observe || (w.observed != "") != test.observe {
				t.Errorf("got %q, %q; want a word of it: %v", w.log.String(), w.observed, test.observe)
			}
		})
	}
}

// The watch reads the clusters that the plan touches. Only where it does not find
// somebody there who served does it read the whole plan, before it says a word.
func TestTheWatchReadsWhatIsTouched(t *testing.T) {
	change := func(address, id, cluster string, do gate.Action) gate.Change {
		return gate.Change{Address: address, Type: "aws_instance", ID: id, Region: "us-east-1", Action: do, Before: gate.Attrs{"tags": map[string]any{"Cluster": cluster}}}
	}
	plan := &gate.Plan{FormatVersion: "1.2", CreatedAt: clock, Changes: []gate.Change{
		change("aws_instance.a", "i-1", "search", gate.Delete), change("aws_instance.b", "i-2", "search", gate.NoOp), change("aws_instance.c", "i-9", "other", gate.NoOp)}}
	for name, test := range map[string]struct {
		near []string // who is found without the whole plan
		want []int    // changes of the plans that are read
	}{
		"all are found":    {[]string{"i-1", "i-2", "i-3"}, []int{2}},
		"one is elsewhere": {[]string{"i-1", "i-2"}, []int{2, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			w.Config.Clusters = []gate.Cluster{{Name: "search", Members: gate.Selector{Tags: map[string]string{"Cluster": "search"}}, Roles: []gate.Role{{SurvivorFloor: 2}}}}
			whole := sees(w, []string{"i-1", "i-2", "i-3"})
			d := decision{input: gate.Input{Now: clock, Config: w.Config, Plan: plan}}
			d.input.Snapshot, _ = whole(t.Context(), plan)
			d.Verdict = gate.Evaluate(d.input, []*gate.Check{{Name: "nothing", Run: func(*gate.Pass) error { return nil }}})
			near := sees(w, test.near)
			var read []int
			w.Live = func(ctx context.Context, p *gate.Plan) (*gate.Snapshot, error) {
				read = append(read, len(p.Changes))
				if len(p.Changes) == len(plan.Changes) {
					return whole(ctx, p)
				}
				return near(ctx, p)
			}
			// The second look begins when the first has ended.
			if stopped := w.during(d, func() { w.looks <- struct{}{}; w.looks <- struct{}{} }, false); stopped != "" {
				t.Errorf("terraform was stopped: %s", stopped)
			}
			if len(read) < len(test.want) || !slices.Equal(read[:len(test.want)], test.want) {
				t.Errorf("read plans of %v changes, want %v", read, test.want)
			}
			if slices.Contains(read, len(plan.Changes)) != slices.Contains(test.want, len(plan.Changes)) {
				t.Errorf("read plans of %v changes, want the whole one only where somebody is missing", read)
			}
		})
	}
}

// during watches an apply in which something happens. Where it is to be
// stopped, terraform goes on until it is.
func (w *world) during(d decision, happens func(), until bool) string {
	w.t.Helper()
	w.Tool = terraformFunc(func(stop <-chan struct{}) {
		happens()
		if until {
			<-stop
		}
	})
	_, stopped, err := w.watched(w.t.Context(), d, terraformCall(), nil)
	if err != nil {
		w.t.Error(err)
	}
	return stopped
}

func TestALostLeaseStopsTerraform(t *testing.T) {
	w := newWorld(t, "")
	lost := make(chan struct{})
	w.Tool = terraformFunc(func(stop <-chan struct{}) { close(lost); <-stop })
	_, stopped, err := w.watched(t.Context(), decision{}, terraformCall(), lost)
	if err != nil || !strings.Contains(stopped, "lease was lost") {
		t.Errorf("got %q, %v", stopped, err)
	}
}

func TestWhatWasGoingOnIsSaid(t *testing.T) {
	w := newWorld(t, "", touching(allow()))
	began := ledger.Record{Kind: ledger.Intent, Run: "dead", Account: "123456789012", Cluster: "search", Actor: ledger.Actor{User: "jo"}}
	v := touching(allow())
	began.Verdict = &v
	if _, err := w.Ledger.Append(t.Context(), began); err != nil {
		t.Fatal(err)
	}
	var recent []gate.Recent
	evaluate := w.Evaluate
	w.Evaluate = func(in gate.Input) gate.Verdict { recent = in.Recent; return evaluate(in) }
	if code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"}); code != 0 || err != nil {
		t.Fatalf("got %d, %v", code, err)
	}
	if !strings.Contains(w.log.String(), "the change of search that jo began at 2026-11-22T08:00:00Z") || strings.Count(w.log.String(), "jo began") != 1 {
		t.Errorf("it said %q, want what was going on, once", w.log.String())
	}
	if len(recent) != 1 || !recent[0].Open || len(recent[0].Ends) != 1 || recent[0].Ends[0] != "i-0abc" {
		t.Errorf("got %+v, want the dead run's end of i-0abc in the input", recent)
	}
}

func TestOverride(t *testing.T) {
	blocked := touching(block("quorum.lost"))
	tests := map[string]struct {
		verdict gate.Verdict
		ask     Ask
		given   int
		fails   string
	}{
		"for what blocks":     {blocked, Ask{Code: "quorum.lost", Reason: "draining"}, 1, ""},
		"for another code":    {blocked, Ask{Code: "budget.breached", Reason: "draining"}, 0, ""},
		"for another cluster": {blocked, Ask{Code: "quorum.lost", Cluster: "db", Reason: "draining"}, 0, ""},
		"of more than one":    {twice(blocked), Ask{Code: "quorum.lost", Reason: "draining"}, 0, "--override quorum.lost@db"},
		"of one of more":      {twice(blocked), Ask{Code: "quorum.lost", Cluster: "db", Reason: "draining"}, 1, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "", test.verdict)
			w.Overrides = []Ask{test.ask}
			code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"})
			if code != 1 || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("got %d, %v; want %q", code, err, test.fails)
			}
			if got := strings.Count(w.records(), "override"); got != test.given {
				t.Errorf("got %d overrides in %q, want %d", got, w.records(), test.given)
			}
		})
	}
}

func twice(v gate.Verdict) gate.Verdict {
	other := v.Findings[0]
	other.Cluster = "db"
	v.Findings = []gate.Finding{v.Findings[0], other}
	return v
}

// A change that began long ago and whose lease ran out a moment ago may have
// ended members a moment ago.
func TestADeadChangeIsAsOldAsItsLease(t *testing.T) {
	w := newWorld(t, "", touching(allow()))
	w.now = clock.Add(-time.Hour)
	v := touching(allow())
	if _, err := w.Ledger.Append(t.Context(), ledger.Record{Kind: ledger.Intent, Run: "dead", Account: "123456789012", Cluster: "search", Verdict: &v}); err != nil {
		t.Fatal(err)
	}
	w.now = clock
	w.leased()
	w.kept.age, w.kept.old = lease.DefaultTTL+time.Minute, maps.Clone(w.kept.values)
	w.Leases.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	var recent []gate.Recent
	evaluate := w.Evaluate
	w.Evaluate = func(in gate.Input) gate.Verdict { recent = in.Recent; return evaluate(in) }
	if code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"}); code != 0 || err != nil {
		t.Fatalf("got %d, %v", code, err)
	}
	if len(recent) != 1 || clock.Sub(recent[0].At) != w.kept.age {
		t.Errorf("got %+v, want the dead change as old as its lease", recent)
	}
	if !strings.HasPrefix(w.records(), "intent takeover") {
		t.Errorf("got %q, want the takeover recorded", w.records())
	}
}

// What was intended and not begun must not count as begun.
func TestWhatWasNotBegunIsIdle(t *testing.T) {
	w := newWorld(t, "", touching(allow()))
	ctx, cancel := context.WithCancel(t.Context())
	w.Log = interrupter{cancel}
	_, err := w.Apply(ctx, "apply", []string{"-auto-approve"})
	if !errors.Is(err, context.Canceled) || strings.Contains(w.calls(), "apply") || w.records() != "intent outcome" {
		t.Errorf("got %v after %q, %q", err, w.calls(), w.records())
	}
	recent, open, err := w.Ledger.Recent(t.Context(), "123456789012", "search", time.Hour)
	if len(recent) > 0 || len(open) > 0 || err != nil {
		t.Errorf("got %+v, %+v, %v; want that nothing was done", recent, open, err)
	}
}

// interrupter interrupts once something is recorded.
type interrupter struct{ cancel context.CancelFunc }

func (i interrupter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "recorded as") {
		i.cancel()
	}
	return len(p), nil
}

// A cluster that the plan touches only once the leases are taken is nobody's.
func TestAClusterThatIsNotLeasedIsNotTouched(t *testing.T) {
	more := touching(allow())
	more.Clusters = append(more.Clusters, &gate.View{Cluster: gate.Cluster{Name: "db"}, Effects: more.Clusters[0].Effects})
	w := newWorld(t, "", touching(allow()), more)
	code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"})
	if code != 1 || err == nil || !strings.Contains(err.Error(), "lease.missing: the plan touches db now") || strings.Contains(w.calls(), "apply") {
		t.Errorf("got %d, %v after %q", code, err, w.calls())
	}
}

// Who ends observe mode while somebody sits at the prompt means it.
func TestObserveModeEndsAtOnce(t *testing.T) {
	w := newWorld(t, "", touching(block("quorum.lost")))
	observing := *w.Config
	observing.Observe = true
	enforcing := w.Config
	w.Config, w.Reload = &observing, func() (*gate.Config, error) { return enforcing, nil }
	if code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"}); code != 1 || err != nil || strings.Contains(w.calls(), "apply") {
		t.Errorf("got %d, %v after %q", code, err, w.calls())
	}
}

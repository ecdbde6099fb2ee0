package checks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-gate/holdfast/gate"
)

// recents draws up to three changes of our own, near enough to matter and not.
func recents(t *rapid.T) []gate.Recent {
	var out []gate.Recent
	for range rapid.IntRange(0, 3).Draw(t, "recents") {
		r := gate.Recent{Record: "c/1", At: instant.Add(-time.Duration(rapid.IntRange(-10, 20).Draw(t, "minutes")) * time.Minute), Open: rapid.Bool().Draw(t, "open")}
		if rapid.IntRange(0, 9).Draw(t, "dated") == 0 {
			r.At = time.Time{}
		}
		for i := range 7 {
			if rapid.IntRange(0, 3).Draw(t, "ends") == 0 {
				r.Ends = append(r.Ends, fmt.Sprintf("i-%d", i))
			}
		}
		if rapid.Bool().Draw(t, "resized") {
			r.Sizes = []gate.Resize{{Region: "us-east-1", Group: "g", From: 6, To: rapid.IntRange(0, 7).Draw(t, "size")}}
		}
		out = append(out, r)
	}
	return out
}

func TestAChangeOfOurOwnNeverMakesTheVerdictBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		in.Config.Clusters[0].Unmanaged = rapid.SampledFrom([]gate.Decision{gate.Undecided, gate.Block}).Draw(t, "unmanaged")
		in.Recent = recents(t)
		before := decide(in)
		after := in
		after.Recent = append(slices.Clone(in.Recent), recents(t)...)
		if got := decide(after); got < before {
			t.Fatalf("%s before, %s with %+v", before, got, after.Recent)
		}
	})
}

// A read that still shows the member whom our own change ended is as good as
// one that shows it going (field.md 8, invariant 6).
func TestAStaleReadAfterOurOwnChangeCountsTheDying(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		if len(in.Snapshot.Members) == 0 {
			return
		}
		i := rapid.IntRange(0, len(in.Snapshot.Members)-1).Draw(t, "which")
		m := in.Snapshot.Members[i]
		if m.Phase == gate.Gone {
			return
		}
		stale, seen := clone(in), clone(in)
		stale.Recent = []gate.Recent{{Record: "c/1", At: instant.Add(-gate.RecentWindow), Ends: []string{m.ID}}}
		seen.Snapshot.Members[i] = member(m.ID, m.Group, 6)
		a, b := gate.Evaluate(stale, Suite()), gate.Evaluate(seen, Suite())
		if a.Decision != b.Decision || a.Clusters[0].Roles[0].During != b.Clusters[0].Roles[0].During {
			t.Fatalf("%s keeping %d from our own record, %s keeping %d when seen", a.Decision, a.Clusters[0].Roles[0].During, b.Decision, b.Clusters[0].Roles[0].During)
		}
		stale.Now = instant.Add(time.Nanosecond)
		if m.Phase != gate.Leaving && slices.Contains(gate.Clusters(stale)[0].Roles[0].In(gate.BucketLeaving), m.ID) {
			t.Fatalf("%s is still counted as leaving when the window is over", m.ID)
		}
	})
}

// The snapshot is what was read; what we know besides must not get into it.
func TestEvaluatingLeavesTheInputAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		in.Recent = recents(t)
		before := fmt.Sprintf("%+v %+v", *in.Snapshot, *in.Plan)
		gate.Evaluate(in, Suite())
		if after := fmt.Sprintf("%+v %+v", *in.Snapshot, *in.Plan); after != before {
			t.Fatalf("got\n%s\nwant\n%s", after, before)
		}
	})
}

// digested is a world whose plan has a digest, so that verdicts can be bound.
func digested(t *rapid.T) gate.Input {
	in := world(t)
	in.Plan.Digest, in.Config.Digest = "f1a9", "c0ffee"
	in.Snapshot.Caller = "arn:aws:sts::123456789012:assumed-role/deploy/job-1"
	return in
}

func TestARecheckOfTheSameDecidesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := digested(t)
		given := gate.Evaluate(in, Suite())
		later := in
		later.Now = in.Now.Add(time.Minute)
		later.Snapshot = clone(in).Snapshot
		later.Snapshot.Caller = "arn:aws:sts::123456789012:assumed-role/deploy/job-2"
		got := gate.Recheck(given, later, Suite())
		want := gate.Evaluate(later, Suite()).Decision
		if !given.Decision.Permits() {
			want = gate.Block
		}
		if got.Decision != want || !got.Expires.Equal(given.Expires) {
			t.Fatalf("got %s until %s, want %s until %s: %+v", got.Decision, got.Expires, want, given.Expires, got.Findings)
		}
	})
}

func TestARecheckRefusesWhatTheVerdictIsNotAbout(t *testing.T) {
	given := gate.Verdict{Decision: gate.Allow, Plan: gate.Summary{Digest: "f1a9"}, Config: "c0ffee", Account: "123456789012",
		Caller: "arn:aws:sts::123456789012:assumed-role/deploy/job-1", At: instant.Add(-time.Minute), Expires: instant.Add(time.Hour - time.Minute)}
	now := gate.Input{Now: instant, Config: &gate.Config{Digest: "c0ffee", VerdictAge: time.Hour}, Plan: &gate.Plan{FormatVersion: "1.2", Digest: "f1a9"},
		Snapshot: &gate.Snapshot{Account: "123456789012", Caller: given.Caller}}
	for name, tt := range map[string]struct {
		edit func(*gate.Verdict, *gate.Input)
		want string
	}{
		"nothing": {func(*gate.Verdict, *gate.Input) {}, ""},
		"another session of the role": {func(_ *gate.Verdict, in *gate.Input) {
			in.Snapshot.Caller = strings.Replace(given.Caller, "job-1", "job-2", 1)
		}, ""},
		"a minute ahead":             {func(v *gate.Verdict, _ *gate.Input) { v.At = instant.Add(time.Minute) }, ""},
		"another plan":               {func(_ *gate.Verdict, in *gate.Input) { in.Plan.Digest = "77b2" }, "bound.plan"},
		"a plan without a digest":    {func(v *gate.Verdict, in *gate.Input) { v.Plan.Digest, in.Plan.Digest = "", "" }, "bound.plan"},
		"no plan":                    {func(_ *gate.Verdict, in *gate.Input) { in.Plan = nil }, "bound.plan"},
		"another config":             {func(_ *gate.Verdict, in *gate.Input) { in.Config.Digest = "bad" }, "bound.config"},
		"no config any more":         {func(_ *gate.Verdict, in *gate.Input) { in.Config = nil }, "bound.config"},
		"expired":                    {func(v *gate.Verdict, _ *gate.Input) { v.Expires = instant }, "bound.expired"},
		"no expiry":                  {func(v *gate.Verdict, _ *gate.Input) { v.Expires = time.Time{} }, "bound.expired"},
		"an expiry that was put off": {func(v *gate.Verdict, _ *gate.Input) { v.At = instant.Add(-2 * time.Hour) }, "bound.expired"},
		"a config that shortened it": {func(_ *gate.Verdict, in *gate.Input) { in.Config.VerdictAge = 30 * time.Second }, "bound.expired"},
		"from the future":            {func(v *gate.Verdict, _ *gate.Input) { v.At = instant.Add(6 * time.Minute) }, "bound.expired"},
		"another account":            {func(_ *gate.Verdict, in *gate.Input) { in.Snapshot.Account = "210987654321" }, "bound.account"},
		"another role": {func(_ *gate.Verdict, in *gate.Input) {
			in.Snapshot.Caller = strings.Replace(given.Caller, "deploy", "admin", 1)
		}, "bound.account"},
		"a user in place of the role":  {func(_ *gate.Verdict, in *gate.Input) { in.Snapshot.Caller = "arn:aws:iam::123456789012:user/ann" }, "bound.account"},
		"credentials nobody knows":     {func(_ *gate.Verdict, in *gate.Input) { in.Snapshot.Account, in.Snapshot.Caller = "", "" }, "bound.account"},
		"credentials nobody knew":      {func(v *gate.Verdict, _ *gate.Input) { v.Caller = "" }, "bound.account"},
		"a verdict that blocked":       {func(v *gate.Verdict, _ *gate.Input) { v.Decision = gate.Block }, "bound.decision"},
		"a verdict that never decided": {func(v *gate.Verdict, _ *gate.Input) { v.Decision = gate.Undecided }, "bound.decision"},
	} {
		t.Run(name, func(t *testing.T) {
			v, in := given, now
			c, p, s := *now.Config, *now.Plan, *now.Snapshot
			in.Config, in.Plan, in.Snapshot = &c, &p, &s
			tt.edit(&v, &in)
			got := gate.Recheck(v, in, nil)
			var codes []string
			for _, f := range got.Findings {
				if f.Check == "bound" {
					codes = append(codes, f.Code)
				}
				if f.Check == "bound" && (f.Decision != gate.Block || f.Message == "" || f.Remedy == "") {
					t.Errorf("got %+v; want it to block, and to say why and what to do", f)
				}
			}
			if got := strings.Join(codes, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got.Expires.After(v.Expires) {
				t.Errorf("expires %s, after the given verdict's %s", got.Expires, v.Expires)
			}
		})
	}
}

// However a given verdict looks, it lets nothing through that is not decided
// anew.
func TestARecheckNeverPermitsMoreThanADecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := digested(t)
		given := gate.Evaluate(digested(t), Suite())
		given.Decision = rapid.SampledFrom([]gate.Decision{gate.Undecided, gate.Allow, gate.Warn, gate.Block}).Draw(t, "given")
		if decided, got := decide(in), gate.Recheck(given, in, Suite()).Decision; got < decided {
			t.Fatalf("decided %s, rechecked %s", decided, got)
		}
	})
}

func TestTouchedNamesALeaseForEachClusterThatChanges(t *testing.T) {
	touched := []gate.Effect{{Does: "lowers it"}}
	view := func(name string, s gate.Selector, implicit bool, effects []gate.Effect) *gate.View {
		return &gate.View{Cluster: gate.Cluster{Name: name, Members: s, Implicit: implicit}, Effects: effects}
	}
	v := gate.Verdict{Clusters: []*gate.View{
		view("web", gate.Selector{Tags: map[string]string{"Cluster": "www"}}, false, touched),
		view("search in eu-west-1", gate.Selector{Groups: []string{"search"}}, true, touched),
		view("search in us-east-1", gate.Selector{Groups: []string{"search"}}, true, touched),
		view("tag queue", gate.Selector{Tags: map[string]string{"Cluster": "queue"}}, true, touched),
		view("aws_instance.db", gate.Selector{Addresses: []string{"aws_instance.db"}}, true, touched),
		view("idle", gate.Selector{}, false, nil),
	}}
	if got, want := v.Touched(), []string{"aws_instance.db", "queue", "search", "web"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A record replays to the byte, whatever stands in it.
func TestAnInputWrittenDownDecidesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := doomed(t)
		in.Recent = recents(t)
		for _, f := range blocking(gate.Evaluate(in, Suite())) {
			in.Overrides = append(in.Overrides, given(rapid.SampledFrom([]string{ann, bob, ""}).Draw(t, "by"), f))
		}
		in.Given = gate.Evaluate(in, Suite()).Given()
		written, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var read gate.Input
		if err := json.Unmarshal(written, &read); err != nil {
			t.Fatal(err)
		}
		before, _ := json.Marshal(gate.Evaluate(in, Suite()))
		after, _ := json.Marshal(gate.Evaluate(read, Suite()))
		if string(before) != string(after) {
			t.Fatalf("got\n%s\nwant\n%s", after, before)
		}
	})
}

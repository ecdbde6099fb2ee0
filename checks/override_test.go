package checks

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
)

const (
	ann = "arn:aws:sts::123456789012:assumed-role/sre/ann@example.com"
	bob = "arn:aws:sts::123456789012:assumed-role/sre/bob@example.com"
)

// given is a good override of a finding.
func given(by string, f gate.Finding) gate.Override {
	return gate.Override{Code: f.Code, Cluster: f.Cluster, Plan: "f1a9", Reason: "the whole cluster is being retired", By: by, At: instant.Add(-time.Minute), Expires: instant.Add(time.Minute)}
}

// blocking are the findings of a verdict that block.
func blocking(v gate.Verdict) []gate.Finding {
	return slices.DeleteFunc(slices.Clone(v.Findings), func(f gate.Finding) bool { return f.Decision != gate.Block })
}

// doomed is a world that blocks for the floor alone, and for more at times.
func doomed(t *rapid.T) gate.Input {
	in := digested(t)
	if len(blocking(gate.Evaluate(in, Suite()))) == 0 {
		in.Config.Clusters[0].Roles[0].SurvivorFloor = 9
	}
	return in
}

// unexcused is a list of findings as it would be without overrides.
func unexcused(fs []gate.Finding) []gate.Finding {
	var out []gate.Finding
	for _, f := range fs {
		if f.Code == "override.unused" {
			continue
		}
		if len(f.Overrides) > 0 {
			f.Decision, f.Overrides = gate.Block, nil
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b gate.Finding) int {
		return strings.Compare(a.Code+a.Cluster+a.Message, b.Code+b.Cluster+b.Message)
	})
	return out
}

func TestAnOverrideChangesNoOtherFinding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := doomed(t)
		before := gate.Evaluate(in, Suite())
		blocks := blocking(before)
		if len(blocks) == 0 {
			return
		}
		f := rapid.SampledFrom(blocks).Draw(t, "finding")
		in.Overrides = []gate.Override{given(ann, f)}
		after := gate.Evaluate(in, Suite())
		if !reflect.DeepEqual(unexcused(before.Findings), unexcused(after.Findings)) {
			t.Fatalf("got %+v, want %+v", after.Findings, before.Findings)
		}
		same := func(o gate.Finding) bool { return o.Code == f.Code && o.Cluster == f.Cluster }
		for _, o := range after.Findings {
			if same(o) != (len(o.Overrides) == 1) || same(o) && o.Decision != gate.Warn {
				t.Fatalf("%s overridden, and %s %s on %q has overrides %v", f.Code, o.Decision, o.Code, o.Cluster, o.Overrides)
			}
		}
		want := gate.Warn
		if slices.ContainsFunc(blocks, func(o gate.Finding) bool { return !same(o) }) {
			want = gate.Block
		}
		if after.Decision != want || f.Cluster != "" && after.Clusters[0].Decision > after.Decision {
			t.Fatalf("got %s, want %s of %+v", after.Decision, want, after.Findings)
		}
		if !after.Expires.Equal(in.Overrides[0].Expires) {
			t.Fatalf("expires %s, after the override that let it through at %s", after.Expires, in.Overrides[0].Expires)
		}
		if gate.Recheck(before, in, Suite()).Decision != gate.Block {
			t.Fatal("the verdict given before blocked, and its recheck permits")
		}
	})
}

func TestAnOverrideThatDoesNotSufficeChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := doomed(t)
		before := gate.Evaluate(in, Suite())
		blocks := blocking(before)
		if len(blocks) == 0 {
			return
		}
		f := rapid.SampledFrom(blocks).Draw(t, "finding")
		o := given(ann, f)
		in.Overrides = []gate.Override{o}
		short := rapid.SampledFrom([]string{"code", "cluster", "plan", "no plan", "expired", "no expiry", "too long ago", "the future", "a stranger", "nobody", "never", "no reason", "one of two", "twice the same", "a plan without digest"}).Draw(t, "short of")
		one := &in.Overrides[0]
		switch short {
		case "code":
			one.Code = "quorum.nothing"
		case "cluster":
			one.Cluster += "x"
		case "plan":
			one.Plan = "f1a8"
		case "no plan":
			one.Plan = ""
		case "expired":
			one.Expires = instant
		case "no expiry":
			one.Expires = time.Time{}
		case "too long ago":
			one.At, one.Expires = instant.Add(-gate.DefaultOverride), instant.Add(100*time.Hour)
		case "the future":
			one.At, one.Expires = instant.Add(gate.Skew+1), instant.Add(time.Hour)
		case "a stranger":
			in.Config.Override.People = []string{bob}
		case "nobody":
			one.By = ""
		case "never":
			check, _, _ := strings.Cut(f.Code, ".")
			in.Config.Override.Never = []string{check + ".*"}
		case "no reason":
			one.Reason = " "
		case "one of two":
			in.Config.Override.Approvals = 2
		case "twice the same":
			in.Config.Override.Approvals = 2
			again := o
			again.At = again.At.Add(time.Second)
			in.Overrides = append(in.Overrides, again)
		case "a plan without digest":
			in.Plan.Digest, one.Plan = "", ""
		}
		after := gate.Evaluate(in, Suite())
		if after.Decision != gate.Block || !reflect.DeepEqual(blocking(before), blocking(after)) {
			t.Fatalf("%s: got %s, %+v", short, after.Decision, after.Findings)
		}
		var said []gate.Finding
		for _, f := range after.Findings {
			if f.Code == "override.unused" {
				said = append(said, f)
			}
		}
		if len(said) != 1 || said[0].Decision != gate.Warn || !strings.Contains(said[0].Message, "lets nothing through") || said[0].Remedy == "" {
			t.Fatalf("%s: got %+v, want one warning that says why", short, said)
		}
	})
}

func TestTwoPeopleTogetherLetThrough(t *testing.T) {
	in := emptied()
	f := blocking(gate.Evaluate(in, Suite()))[0]
	in.Config.Override = gate.OverridePolicy{Approvals: 2, People: []string{"arn:aws:sts::123456789012:assumed-role/sre/*"}, Longest: 2 * time.Hour}
	second := given(ann, f)
	second.At, second.Expires = instant.Add(-110*time.Minute), instant.Add(time.Hour)
	in.Overrides = []gate.Override{given(bob, f), given(bob, f), second}
	v := gate.Evaluate(in, Suite())
	if v.Decision != gate.Warn || len(v.Findings) != 1 {
		t.Fatalf("got %s, %+v; want one warning", v.Decision, v.Findings)
	}
	var by []string
	for _, o := range v.Findings[0].Overrides {
		by = append(by, o.By)
	}
	if want := []string{ann, bob}; !slices.Equal(by, want) {
		t.Errorf("let through by %v, want %v", by, want)
	}
	if want := instant.Add(time.Minute); !v.Expires.Equal(want) {
		t.Errorf("expires %s, want %s, when the first of them does", v.Expires, want)
	}
}

// The clocks of two machines may differ by as much as the skew.
func TestAnOverrideFromAClockThatIsAheadLetsThrough(t *testing.T) {
	in := emptied()
	o := given(ann, blocking(gate.Evaluate(in, Suite()))[0])
	o.At, o.Expires = instant.Add(gate.Skew), instant.Add(time.Hour)
	in.Overrides = []gate.Override{o}
	if got := decide(in); got != gate.Warn {
		t.Errorf("got %s, want it let through", got)
	}
}

// emptied is a world whose plan ends both members of a cluster, and nothing
// else is wrong with it.
func emptied() gate.Input {
	in := gate.Input{Now: instant, Config: gate.DefaultConfig(),
		Plan:     &gate.Plan{Digest: "f1a9", FormatVersion: "1.2", Complete: gate.Yes, CreatedAt: instant, Regions: []string{"us-east-1"}},
		Snapshot: &gate.Snapshot{Account: "123456789012", Caller: ann, Members: []gate.Member{member("i-1", "", 0), member("i-2", "", 0)}}}
	in.Config.Clusters = []gate.Cluster{{Name: "c", Members: gate.Selector{Tags: map[string]string{"Cluster": "c"}}, Roles: []gate.Role{{SurvivorFloor: 1}}}}
	for i, m := range in.Snapshot.Members {
		in.Plan.Changes = append(in.Plan.Changes, gate.Change{Address: "aws_instance.n[" + string(rune('0'+i)) + "]", Type: "aws_instance", ID: m.ID, Region: "us-east-1", Action: gate.Delete})
	}
	for _, name := range append(gate.Live(), gate.SourceIdentity) {
		in.Snapshot.Sources = append(in.Snapshot.Sources, gate.Source{Name: name, Region: "us-east-1", Complete: true, ReadAt: instant})
	}
	in.Snapshot.Finished = instant
	gatetest.Answer(&in, Suite())
	return in
}

// The one code of a blind check's sources lets it run on what was read; what it
// finds there blocks as ever.
func TestABlindCheckIsLetThroughByTheCodesOfItsSources(t *testing.T) {
	in := emptied()
	targets := slices.IndexFunc(in.Snapshot.Sources, func(s gate.Source) bool { return s.Name == gate.SourceTargets })
	in.Snapshot.Sources[targets].Complete, in.Snapshot.Sources[targets].Problem = false, gate.ProblemDenied
	source := gate.Finding{Code: "source.denied"}
	codes := func(v gate.Verdict) string {
		var out []string
		for _, f := range blocking(v) {
			out = append(out, f.Code)
		}
		return strings.Join(out, " ")
	}
	v := gate.Evaluate(in, Suite())
	if v.Decision != gate.Block || codes(v) != "source.denied" {
		t.Fatalf("got %s, %s; want it blind", v.Decision, codes(v))
	}
	in.Overrides = []gate.Override{given(ann, source)}
	v = gate.Evaluate(in, Suite())
	if v.Decision != gate.Block || codes(v) != "survivorfloor.breached" {
		t.Fatalf("got %s, %s; want the floor to block on what was read", v.Decision, codes(v))
	}
	in.Overrides = append(in.Overrides, given(ann, blocking(v)[0]))
	if v = gate.Evaluate(in, Suite()); v.Decision != gate.Warn {
		t.Fatalf("got %s, %s; want it let through", v.Decision, codes(v))
	}
	for _, r := range v.Runs {
		if r.Outcome == gate.Blind && (r.Decision != gate.Warn || r.Reason == "") {
			t.Errorf("got %+v, want a run that says it was blind and let through", r)
		}
	}
	// Another source that fails for another reason is another code.
	in.Snapshot.Sources[0].Complete, in.Snapshot.Sources[0].Problem = false, gate.ProblemTimeout
	if v = gate.Evaluate(in, Suite()); v.Decision != gate.Block {
		t.Errorf("got %s with a source nobody overrode", v.Decision)
	}
	// What was read too long ago can be read again.
	in.Snapshot.Sources[0].Complete, in.Snapshot.Sources[0].Problem, in.Snapshot.Sources[0].ReadAt = true, "", instant.Add(-time.Hour)
	if v = gate.Evaluate(in, Suite()); v.Decision != gate.Block {
		t.Errorf("got %s with a source that is stale", v.Decision)
	}
}

// A check that broke has judged nothing, and a verdict about another plan is
// about another plan: nobody's word changes that.
func TestWhatNobodyCanOverride(t *testing.T) {
	in := emptied()
	broken := []*gate.Check{{Name: "quorum", Doc: "a\n\nb", Run: func(*gate.Pass) error { panic("no") }}}
	in.Overrides = []gate.Override{given(ann, gate.Finding{Code: "quorum.broken", Cluster: "c"}), given(ann, gate.Finding{Code: "bound.plan"}), given(ann, gate.Finding{Code: "plan.missing"})}
	v := gate.Recheck(gate.Verdict{Decision: gate.Allow, Plan: gate.Summary{Digest: "other"}}, in, broken)
	if v.Decision != gate.Block || slices.ContainsFunc(v.Findings, func(f gate.Finding) bool { return len(f.Overrides) > 0 }) {
		t.Errorf("got %s, %+v", v.Decision, v.Findings)
	}
}

func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"*", ann, true}, {"*", "", false}, {ann, ann, true}, {ann, bob, false}, {"", ann, false},
		{"arn:aws:sts::123456789012:assumed-role/sre/*", ann, true},
		{"arn:aws:sts::123456789012:assumed-role/sre/*", "arn:aws:sts::210987654321:assumed-role/sre/ann@example.com", false},
		{"arn:aws:sts::*:assumed-role/sre/*", ann, true},
		{"*/ann@example.com", ann, true}, {"*/ann@example.com", ann + ".evil.com", false}, {"*ann*", ann, true},
		{ann[:20] + "*" + ann[20:], ann, true}, {"arn:*arn:*", ann, false}, {"*com*com", ann, false},
		{"*sre*ann*", ann, true}, {"*ann*sre*", ann, false}, {"**", ann, true},
		{"arn:aws:sts::123456789012:assumed-role/sre/an*nn@example.com", ann, false}, // one letter is not two
		{"arn.aws.sts..123456789012.assumed-role.sre.ann@example.com", ann, false},   // a dot is a dot
		{"arn:aws:sts::123456789012:assumed-role/sre/[a-z]+@example.com", ann, false},
		{"arn:aws:sts::123456789012:assumed-role/sre/ann@example.co?", ann, false},
		{"(?i)" + strings.ToUpper(ann), ann, false}, {strings.ToUpper(ann), ann, false},
		{"a*" + strings.Repeat("*a", 30) + "*b", strings.Repeat("a", 2000), false}, // and quickly
	} {
		if got := (gate.OverridePolicy{People: []string{tt.pattern}}).Permits(tt.s); got != tt.want {
			t.Errorf("%q and %q: got %v, want %v", tt.pattern, tt.s, got, tt.want)
		}
	}
	if !(gate.OverridePolicy{}).Permits(ann) || (gate.OverridePolicy{}).Permits("") {
		t.Error("without a list, anybody whom STS names may, and nobody else")
	}
	if got := (gate.OverridePolicy{Longest: 1}).Lasting(); got != 1 {
		t.Errorf("lasts %s, want what the policy says", got)
	}
	p := gate.OverridePolicy{Never: []string{"quorum.*", "scope.emptied"}}
	for code, want := range map[string]bool{"quorum.breached": true, "scope.emptied": true, "scope.victims": false, "survivorfloor.breached": false, "bound.plan": true, "quorum": false, "fresh.broken": true} {
		if got := p.Forbids(code); got != want {
			t.Errorf("%s: forbidden %v, want %v", code, got, want)
		}
	}
}

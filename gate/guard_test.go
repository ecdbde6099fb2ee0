package gate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2018, 1, 2, 12, 0, 0, 0, time.UTC)

func TestPatternsAreTheWholeOfAName(t *testing.T) {
	for pattern, names := range map[string]map[string]bool{
		"a*b":   {"ab": true, "axb": true, "a": false, "b": false, "xab": false, "abx": false},
		"a*a":   {"a": false, "aa": true},
		"a*a*a": {"aa": false, "aaa": true, "axaxa": true, "axa": false},
		"*":     {"": true, "anything": true},
		"a":     {"a": true, "A": false, "aa": false},
		"":      {"": true, "a": false},
		"a.b":   {"a.b": true, "axb": false},
	} {
		for name, want := range names {
			if got := matches(pattern, name); got != want {
				t.Errorf("%q like %q: got %v, want %v", name, pattern, got, want)
			}
		}
	}
}

func TestAnOverrideLastsAsLongAsThePolicySays(t *testing.T) {
	for longest, want := range map[time.Duration]time.Duration{0: DefaultOverride, -1: DefaultOverride, 1: 1, time.Minute: time.Minute} {
		if got := (OverridePolicy{Longest: longest}).Lasting(); got != want {
			t.Errorf("%s: got %s, want %s", longest, got, want)
		}
	}
}

func leave(by string, at time.Time) Override {
	return Override{Code: "look.up", Plan: "abc", Reason: "r", By: by, At: at, Expires: at.Add(time.Hour)}
}

func withOverrides(needs int, given ...Override) Input {
	c := DefaultConfig()
	c.Override.Approvals = needs
	return Input{Now: noon, Config: c, Plan: &Plan{FormatVersion: "1.2", Digest: "abc", Regions: []string{"us-east-1"}}, Snapshot: &Snapshot{}, Overrides: given}
}

func TestAnOverrideOfAClockALittleAheadIsBelieved(t *testing.T) {
	for ahead, want := range map[time.Duration]bool{Skew: true, Skew + 1: false} {
		if why := leave("ann", noon.Add(ahead)).unfit(withOverrides(1)); (why == "") != want {
			t.Errorf("%s ahead: %q", ahead, why)
		}
	}
}

// Whoever gives leave twice has given it once, for as long as the last.
func TestTheLastOverrideOfAPersonCounts(t *testing.T) {
	early, late := leave("ann", noon.Add(-30*time.Minute)), leave("ann", noon.Add(-10*time.Minute))
	for _, given := range [][]Override{{early, late}, {late, early}} {
		fit := newOverrides(withOverrides(1, given...)).fit[target{"look.up", ""}]
		if len(fit) != 1 || !fit[0].At.Equal(late.At) {
			t.Errorf("got %+v, want the one of %s", fit, late.At)
		}
	}
}

// What became of each override is said, whether or not it let anything through.
func TestWhatAnOverrideDidIsSaid(t *testing.T) {
	look := &Check{Name: "look", Plan: true, Run: func(p *Pass) error {
		p.Report(Finding{Code: "look.up", Decision: Block, Message: "up", Overrides: []Override{{By: "the check itself"}}})
		p.Report(Finding{Code: "look.down", Decision: Warn, Message: "down", Overrides: []Override{{By: "the check itself"}}})
		return nil
	}}
	elsewhere := leave("ann", noon)
	elsewhere.Cluster = "web"
	other := leave("ann", noon)
	other.Code = "look.down"
	for name, test := range map[string]struct {
		in   Input
		want []string
	}{
		"nobody gives any":     {withOverrides(1), []string{"block look.up by [] up", "warn look.down by [] down"}},
		"one is enough":        {withOverrides(1, leave("ann", noon)), []string{"warn look.down by [] down", "warn look.up by [ann] up"}},
		"two are, and two are": {withOverrides(2, leave("ann", noon), leave("bob", noon)), []string{"warn look.down by [] down", "warn look.up by [ann bob] up"}},
		"of three, one": {withOverrides(3, leave("ann", noon)), []string{"block look.up by [] up", "warn look.down by [] down",
			"warn override.unused by [] the override of look.up by ann lets nothing through: it takes 3 different persons, and 1 gave it -> have 2 more give it, for this plan"}},
		"on another cluster": {withOverrides(1, elsewhere), []string{"block look.up by [] up", "warn look.down by [] down",
			"warn override.unused by [] the override of look.up on web by ann lets nothing through: nothing is blocked by it -> leave it out"}},
		"of what only warns": {withOverrides(1, other), []string{"block look.up by [] up", "warn look.down by [] down",
			"warn override.unused by [] the override of look.down by ann lets nothing through: nothing is blocked by it -> leave it out"}},
		"of nobody known": {withOverrides(1, leave("", noon)), []string{"block look.up by [] up", "warn look.down by [] down",
			"warn override.unused by [] the override of look.up by nobody known lets nothing through: it does not say who gave it -> see who may override what, for how long, under override in holdfast.hcl"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range Evaluate(test.in, []*Check{look}).Findings {
				var by []string
				for _, o := range f.Overrides {
					by = append(by, o.By)
				}
				line := fmt.Sprintf("%s %s by %v %s", f.Decision, f.Code, by, f.Message)
				if f.Remedy != "" {
					line += " -> " + f.Remedy
				}
				got = append(got, line)
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// A check that is let run on what was read says that it could not see all.
func TestABlindCheckThatIsLetThroughStaysBlind(t *testing.T) {
	found := false
	look := &Check{Name: "look", Plan: true, Needs: []string{SourceInstances}, Run: func(p *Pass) error { found = true; return nil }}
	o := leave("ann", noon)
	o.Code = "source.missing"
	v := Evaluate(withOverrides(1, o), []*Check{look})
	if r := v.Runs[0]; !found || r.Outcome != Blind || r.Decision != Warn || r.Reason != "not read in us-east-1: ec2.instances" || v.Decision != Warn {
		t.Errorf("ran: %v; got %s, %+v", found, v.Decision, r)
	}
}

func TestWhatWeEndedOurselvesIsSaidOnce(t *testing.T) {
	r := Recent{Record: "web/1", At: noon.Add(-time.Minute), Ends: []string{"i-1"}}
	for name, test := range map[string]struct {
		m       MemberView
		phase   Phase
		told    bool // the ledger's word stands among the observations
		unended bool
		now     time.Time
	}{
		"it serves":                    {MemberView{Member: Member{ID: "i-1", Phase: Steady, Serving: ServingYes}}, Leaving, true, false, noon},
		"it is another":                {MemberView{Member: Member{ID: "i-2", Phase: Steady, Serving: ServingYes}}, Steady, false, false, noon},
		"it is seen to go":             {MemberView{Member: Member{ID: "i-1", Phase: Leaving}}, Leaving, false, false, noon},
		"it is gone":                   {MemberView{Member: Member{ID: "i-1", Phase: Gone}}, Gone, false, false, noon},
		"it is not there":              {MemberView{Absent: true, Member: Member{ID: "i-1", Phase: PhaseUnknown}}, PhaseUnknown, false, false, noon},
		"the time for that is over":    {MemberView{Member: Member{ID: "i-1", Phase: Steady, Serving: ServingYes}}, Steady, true, true, noon.Add(time.Hour)},
		"somebody has no opinion":      {MemberView{Member: Member{ID: "i-2", Phase: Steady, Serving: ServingYes, Observed: []Observation{{Source: SourceTargets}}}}, Steady, false, false, noon},
		"over, and others have spoken": {MemberView{Member: Member{ID: "i-1", Phase: Steady, Serving: ServingYes, Observed: []Observation{{Source: SourceInstances, Opinion: true}}}}, Steady, true, true, noon.Add(time.Hour)},
	} {
		r.observe(&test.m, test.now)
		told := slices.ContainsFunc(test.m.Observed, func(o Observation) bool { return o.Source == SourceLedger })
		o, unended := test.m.Unended()
		if test.m.Phase != test.phase || told != test.told || unended != test.unended || unended && o.Source != SourceLedger {
			t.Errorf("%s: got %s, told %v, unended %v by %q", name, test.m.Phase, told, unended, o.Source)
		}
	}
}

func TestAResizeOfOursIsSeenWhereALaterOneIs(t *testing.T) {
	resize := func(ago time.Duration, from, to int) Recent {
		return Recent{At: noon.Add(-ago), Sizes: []Resize{{Region: "us-east-1", Group: "web", From: from, To: to}}}
	}
	first, second := resize(2*time.Minute, 6, 5), resize(time.Minute, 5, 4)
	unknown := first
	unknown.At = time.Time{}
	for name, test := range map[string]struct {
		all     []Recent
		desired int
		want    int // operations
	}{
		"both are seen":                    {[]Recent{second, first}, 4, 0},
		"only the first is seen":           {[]Recent{second, first}, 5, 1},
		"neither is seen":                  {[]Recent{second, first}, 6, 2},
		"it may be from before both":       {[]Recent{resize(time.Minute, 5, 6), first}, 6, 1},
		"which one is later is not known":  {[]Recent{second, unknown}, 4, 1},
		"the same instant":                 {[]Recent{resize(2*time.Minute, 5, 4), first}, 4, 1},
		"the later one is of somebody":     {[]Recent{{At: noon, Sizes: []Resize{{Region: "us-east-1", Group: "job", From: 5, To: 4}}}, first}, 4, 1},
		"a third one takes the size again": {[]Recent{resize(time.Second, 4, 5), second, first}, 4, 2},
	} {
		g := Group{Name: "web", Region: "us-east-1", Desired: test.desired}
		for _, r := range test.all {
			r.await(&g, test.all, noon)
		}
		if len(g.Operations) != test.want {
			t.Errorf("%s: got %d operations, want %d", name, len(g.Operations), test.want)
		}
	}
}

func TestAResizeOfOursIsAwaitedWhereItWas(t *testing.T) {
	r := Recent{Record: "web/1", At: noon.Add(-time.Minute), Sizes: []Resize{{Region: "us-east-1", Group: "web", From: 6, To: 3}}}
	for name, test := range map[string]struct {
		g    Group
		now  time.Time
		want int
	}{
		"not seen yet":              {Group{Name: "web", Region: "us-east-1", Desired: 6}, noon, 1},
		"seen":                      {Group{Name: "web", Region: "us-east-1", Desired: 3}, noon, 0},
		"another group":             {Group{Name: "job", Region: "us-east-1", Desired: 6}, noon, 0},
		"its namesake elsewhere":    {Group{Name: "web", Region: "eu-west-1", Desired: 6}, noon, 0},
		"a group that is not there": {Group{Name: "web", Region: "us-east-1", Desired: 6, Absent: true}, noon, 0},
		"the time for that is over": {Group{Name: "web", Region: "us-east-1", Desired: 6}, noon.Add(time.Hour), 0},
	} {
		if r.await(&test.g, []Recent{r}, test.now); len(test.g.Operations) != test.want {
			t.Errorf("%s: got %d operations, want %d", name, len(test.g.Operations), test.want)
		}
	}
}

// What a verdict given before is not about is said in words, with the clocks
// and digests that differ.
func TestWhyAVerdictDoesNotHoldIsSaid(t *testing.T) {
	given := Given{Decision: Allow, Plan: "0123456789abcdef", Config: "fedcba9876543210", Account: "1", Caller: "ann", At: noon, Expires: noon.Add(time.Hour)}
	now := Verdict{Plan: Summary{Digest: given.Plan}, Config: given.Config, Account: "1", Caller: "ann", At: noon}
	for name, test := range map[string]struct {
		edit func(*Given, *Verdict)
		want string
	}{
		"it holds":                  {func(*Given, *Verdict) {}, ""},
		"its clock is just so late": {func(g *Given, _ *Verdict) { g.At, g.Expires = noon.Add(Skew), noon.Add(time.Hour) }, ""},
		"its clock is wrong": {func(g *Given, _ *Verdict) { g.At, g.Expires = noon.Add(Skew+time.Second), noon.Add(time.Hour) },
			"the verdict was given at 2018-01-02 12:05:01Z, which is 5m1s ahead of this machine's clock -> set the clocks of both machines, then have the plan judged again (holdfast check)"},
		"it is over": {func(_ *Given, v *Verdict) { v.At = noon.Add(time.Hour) },
			"the verdict was good until 2018-01-02 13:00:00Z, and it is 2018-01-02 13:00:00Z -> have the plan judged again (holdfast check)"},
		"nobody knows when it is over": {func(g *Given, _ *Verdict) { g.Expires = time.Time{} },
			"the verdict was good until a time that is not known, and it is 2018-01-02 12:00:00Z -> have the plan judged again (holdfast check)"},
		"another plan": {func(_ *Given, v *Verdict) { v.Plan.Digest = "short" },
			"the verdict is about the plan 0123456789ab, and the plan to apply is short -> apply the plan file that was judged, or have this one judged (holdfast check)"},
		"no config any more": {func(_ *Given, v *Verdict) { v.Config = "" },
			"the promises were edited since the verdict: it was given under holdfast.hcl fedcba987654, and now there is no holdfast.hcl -> have the plan judged again under the config as it is now (holdfast check)"},
	} {
		g, v := given, now
		test.edit(&g, &v)
		var got []string
		for _, f := range unbound(g, v, 2*time.Hour) {
			got = append(got, f.Message+" -> "+f.Remedy)
		}
		if all := strings.Join(got, "\n"); all != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, all, test.want)
		}
	}
}

// A later change of ours to yet another size says nothing of this one.
func TestAResizeIsOvertakenOnlyByOneThatShows(t *testing.T) {
	change := func(record string, age time.Duration, group string, from, to int) Recent {
		return Recent{Record: record, At: noon.Add(-age), Sizes: []Resize{{Region: "us-east-1", Group: group, From: from, To: to}}}
	}
	first := change("web/1", 3*time.Minute, "web", 6, 5)
	for name, test := range map[string]struct {
		later Recent
		want  bool
	}{
		"it shows":                  {change("web/2", time.Minute, "web", 5, 4), true},
		"it does not show either":   {change("web/2", time.Minute, "web", 5, 3), false},
		"it is of another group":    {change("web/2", time.Minute, "job", 5, 4), false},
		"it was before":             {change("web/0", 4*time.Minute, "web", 5, 4), false},
		"it began with what is now": {change("web/2", time.Minute, "web", 4, 4), false},
	} {
		g := Group{Name: "web", Region: "us-east-1", Desired: 4}
		if got := first.overtaken(&g, []Recent{first, test.later}); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestALeaseIsNamedByWhatAClusterWasFoundBy(t *testing.T) {
	for want, c := range map[string]Cluster{
		"search":         {Name: "search", Members: Selector{Groups: []string{"web"}}},
		"web":            {Name: "web in us-east-1", Implicit: true, Members: Selector{Groups: []string{"web"}}},
		"aws_instance.n": {Name: "aws_instance.n in us-east-1", Implicit: true, Members: Selector{Addresses: []string{"aws_instance.n"}}},
		"job":            {Name: "tag job", Implicit: true, Members: Selector{Tags: map[string]string{"Cluster": "job"}}},
		"nothing":        {Name: "nothing", Implicit: true},
	} {
		if got := (&View{Cluster: c}).Lease(); got != want {
			t.Errorf("%s: got %s, want %s", c.Name, got, want)
		}
	}
}

package gate

import (
	"encoding"
	"fmt"
	"testing"
	"time"
)

func seen(p Phase, s Serving) Observation { return Observation{Phase: p, Serving: s, Opinion: true} }

func TestJoinTakesTheWorstOfAllSources(t *testing.T) {
	running := seen(Steady, ServingYes)
	tests := map[string]struct {
		observed []Observation
		phase    Phase
		serving  Serving
	}{
		"nobody has an opinion":                            {nil, PhaseUnknown, ServingUnknown},
		"an observation without an opinion":                {[]Observation{{Phase: Steady, Serving: ServingYes}}, PhaseUnknown, ServingUnknown},
		"all agree":                                        {[]Observation{running, running}, Steady, ServingYes},
		"EC2 is ending it, the group has not noticed":      {[]Observation{seen(Leaving, ServingNo), running}, Leaving, ServingNo},
		"the group is ending it, EC2 has not noticed":      {[]Observation{running, seen(Leaving, ServingNo)}, Leaving, ServingNo},
		"terminated in EC2, Standby for ever in the group": {[]Observation{seen(Gone, ServingNo), seen(Steady, ServingNo)}, Gone, ServingNo},
		"impaired":                     {[]Observation{running, seen(Failed, ServingNo)}, Failed, ServingNo},
		"impaired and leaving":         {[]Observation{seen(Failed, ServingNo), seen(Leaving, ServingNo)}, Leaving, ServingNo},
		"changing and serving":         {[]Observation{running, seen(Changing, ServingYes)}, Changing, ServingYes},
		"not known, and then changing": {[]Observation{seen(PhaseUnknown, ServingUnknown), seen(Changing, ServingYes)}, PhaseUnknown, ServingUnknown},
		"leaving, and then not known":  {[]Observation{seen(Leaving, ServingNo), seen(PhaseUnknown, ServingUnknown)}, Leaving, ServingNo},
		"failed, and then changing":    {[]Observation{seen(Failed, ServingNo), seen(Changing, ServingYes)}, Failed, ServingNo},
		"changing, and then arriving":  {[]Observation{seen(Changing, ServingYes), seen(Arriving, ServingYes)}, Changing, ServingYes},
		"gone, and then leaving":       {[]Observation{seen(Gone, ServingNo), seen(Leaving, ServingNo)}, Gone, ServingNo},
		"no, and then not known":       {[]Observation{seen(Steady, ServingNo), seen(Steady, ServingUnknown)}, Steady, ServingNo},
		"an opinion after none":        {[]Observation{{Phase: Gone, Serving: ServingNo}, running}, Steady, ServingYes},
		"changing, and then not known": {[]Observation{seen(Changing, ServingYes), seen(PhaseUnknown, ServingUnknown)}, PhaseUnknown, ServingUnknown},
		"arriving":                     {[]Observation{running, seen(Arriving, ServingYes)}, Arriving, ServingNo},
		"stopped":                      {[]Observation{seen(Steady, ServingNo)}, Steady, ServingNo},
		"serving is not known":         {[]Observation{running, seen(Steady, ServingUnknown)}, Steady, ServingUnknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := Member{Observed: test.observed, Phase: Gone, Serving: ServingYes, Since: time.Now()} // what was there before is forgotten
			m.Join()
			if m.Phase != test.phase || m.Serving != test.serving {
				t.Errorf("got %s, %s; want %s, %s", m.Phase, m.Serving, test.phase, test.serving)
			}
		})
	}
}

func TestJoinKeepsSinceWhenOfTheWorst(t *testing.T) {
	at := time.Date(2018, 1, 2, 20, 30, 0, 0, time.UTC)
	leaving := seen(Leaving, ServingNo)
	leaving.Since = at
	m := Member{Observed: []Observation{seen(Steady, ServingYes), leaving}}
	if m.Join(); !m.Since.Equal(at) {
		t.Errorf("got %s, want %s", m.Since, at)
	}
}

func TestBenignIsOnlyWhatASourceExplains(t *testing.T) {
	benign := Observation{Phase: Changing, Serving: ServingYes, Opinion: true, Benign: true}
	for name, test := range map[string]struct {
		m    Member
		want bool
	}{
		"all movements are on the list":    {Member{Phase: Changing, Observed: []Observation{seen(Steady, ServingYes), benign}}, true},
		"one is not":                       {Member{Phase: Changing, Observed: []Observation{benign, seen(Arriving, ServingNo)}}, false},
		"leaving never is":                 {Member{Phase: Leaving, Observed: []Observation{{Phase: Leaving, Opinion: true, Benign: true}}}, false},
		"a movement that nothing explains": {Member{Phase: Changing}, false},
		"an observation without opinion":   {Member{Phase: Changing, Observed: []Observation{{Phase: Changing, Benign: true}}}, false},
	} {
		if got := test.m.Benign(); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestSinceIsWhenTheWorstPhaseBegan(t *testing.T) {
	now := time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC)
	m := Member{Observed: []Observation{
		{Phase: Steady, Serving: ServingYes, Opinion: true, Since: now.Add(-3 * time.Hour)},
		{Phase: Leaving, Serving: ServingNo, Opinion: true, Since: now.Add(-2 * time.Hour)},
		{Phase: Leaving, Serving: ServingNo, Opinion: true, Since: now.Add(-1 * time.Hour)},
		{Phase: Gone, Since: now},
	}}
	if m.Join(); m.Phase != Leaving || !m.Since.Equal(now.Add(-2*time.Hour)) {
		t.Errorf("got %s since %s; want leaving since %s, who said so first", m.Phase, m.Since, now.Add(-2*time.Hour))
	}
}

// text is what every enum of a record can do.
type text interface {
	comparable
	fmt.Stringer
	encoding.TextMarshaler
}

func roundTrip[T text](t *testing.T, values []T, read func([]byte) (T, error)) {
	t.Helper()
	for _, v := range values {
		b, err := v.MarshalText()
		if err != nil || string(b) != v.String() {
			t.Fatalf("%v: wrote %q, %v", v, b, err)
		}
		if got, err := read(b); err != nil || got != v {
			t.Errorf("%q: read %v, %v", b, got, err)
		}
	}
	if v, err := read([]byte("a word of a newer version")); err == nil || v != values[0] {
		t.Errorf("%T: an unknown word was read as %v, %v", v, v, err)
	}
}

func TestEnumsReadWhatTheyWriteAndNothingElse(t *testing.T) {
	roundTrip(t, []Phase{PhaseUnknown, Steady, Arriving, Leaving, Changing, Failed, Gone}, func(b []byte) (v Phase, err error) { err = v.UnmarshalText(b); return })
	roundTrip(t, []Serving{ServingUnknown, ServingNo, ServingYes}, func(b []byte) (v Serving, err error) { err = v.UnmarshalText(b); return })
	roundTrip(t, []Action{ActionUnknown, NoOp, Read, Create, Update, Delete, ReplaceDeleteFirst, ReplaceCreateFirst, Forget, ForgetReplace}, func(b []byte) (v Action, err error) { err = v.UnmarshalText(b); return })
	roundTrip(t, []Tri{TriUnknown, No, Yes}, func(b []byte) (v Tri, err error) { err = v.UnmarshalText(b); return })
	roundTrip(t, []Decision{Undecided, Allow, Warn, Block}, func(b []byte) (v Decision, err error) { err = v.UnmarshalText(b); return })
	roundTrip(t, []Outcome{OutcomeUnknown, Ran, Blind, Errored}, func(b []byte) (v Outcome, err error) { err = v.UnmarshalText(b); return })
	roundTrip(t, []Bucket{BucketUnknown, BucketGone, BucketVictim, BucketSurvivor, BucketLeaving, BucketFailed, BucketChanging, BucketArriving, BucketOutOfService}, func(b []byte) (v Bucket, err error) { err = v.UnmarshalText(b); return })
	for _, p := range []Phase{Gone + 1, 200} {
		if got := p.String(); got != "unknown" {
			t.Errorf("a phase that does not exist is %q, want unknown", got)
		}
	}
}

func TestOnlyAllowAndWarnPermit(t *testing.T) {
	for d, want := range map[Decision]bool{Undecided: false, Allow: true, Warn: true, Block: false, Decision(9): false} {
		if d.Permits() != want {
			t.Errorf("%s permits: %v", d, !want)
		}
	}
}

func TestSelectors(t *testing.T) {
	tags := map[string]string{"Cluster": "search", "Role": "data"}
	for name, test := range map[string]struct {
		s    Selector
		want bool
	}{
		"nothing selects nobody":        {Selector{}, false},
		"all tags":                      {Selector{Tags: map[string]string{"Cluster": "search", "Role": "data"}}, true},
		"one tag differs":               {Selector{Tags: map[string]string{"Cluster": "search", "Role": "master"}}, false},
		"any value":                     {Selector{Tags: map[string]string{"Cluster": "*"}}, true},
		"any value of a tag it has not": {Selector{Tags: map[string]string{"Team": "*"}}, false},
		"group":                         {Selector{Groups: []string{"web"}}, true},
		"another group":                 {Selector{Groups: []string{"api"}}, false},
		"address":                       {Selector{Addresses: []string{`module.a["x[0]"].aws_instance.n["k"]`}}, true},
		"address without its key":       {Selector{Addresses: []string{`module.a["x[0]"].aws_instance.n`}}, true},
		"another address":               {Selector{Addresses: []string{`aws_instance.n`}}, false},
	} {
		if got := test.s.selects(tags, "web", []string{`module.a["x[0]"].aws_instance.n["k"]`}); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
	for address, want := range map[string]string{"aws_instance.n[3]": "aws_instance.n", "aws_instance.n": "aws_instance.n", `aws_instance.n["a]b"]`: "aws_instance.n", "aws_instance.n[0] (deposed 1a)": "aws_instance.n"} {
		if got := resourceOf(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

func TestAttributesOfTheWrongKindAreAbsent(t *testing.T) {
	a := Attrs{"n": 3.5, "s": 1.0, "list": "x", "ints": []any{1.0, "b"}, "tags": map[string]any{"a": "b", "n": 1.0}}
	if _, ok := a.Int("n"); ok {
		t.Error("3.5 was read as a whole number")
	}
	if n, ok := (Attrs{"n": 4}).Int("n"); !ok || n != 4 {
		t.Errorf("got %d, %v", n, ok)
	}
	if a.String("s") != "" || a.Strings("list") != nil || a.Block("list") != nil {
		t.Error("an attribute was read as what it is not")
	}
	if got := a.Strings("ints"); len(got) != 1 || got[0] != "b" {
		t.Errorf("got %v", got)
	}
	if got := a.Tags(); len(got) != 1 || got["a"] != "b" {
		t.Errorf("got %v", got)
	}
}

func TestValidateRefusesWhatCannotBeTrusted(t *testing.T) {
	run := func(*Pass) error { return nil }
	good := &Check{Name: "a", Doc: "title\n\nwhy", Run: run}
	for name, suite := range map[string][]*Check{
		"no name":  {{Doc: "title\n\nwhy", Run: run}},
		"capitals": {{Name: "A", Doc: "title\n\nwhy", Run: run}},
		"no doc":   {{Name: "a", Run: run}},
		"no why":   {{Name: "a", Doc: "title", Run: run}},
		"nothing":  {{Name: "a", Doc: "title\n\nwhy"}},
		"twice":    {good, good},
	} {
		if Validate(suite) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := Validate([]*Check{good}); err != nil {
		t.Error(err)
	}
}

func TestClustersWithoutAPlan(t *testing.T) {
	s := &Snapshot{Members: []Member{{ID: "i-1", Region: "us-east-1", Group: "web"}, {ID: "i-2", Region: "eu-west-1", Group: "web"}, {ID: "i-3", Region: "eu-west-1", Tags: map[string]string{"Cluster": "db"}}},
		Groups: []Group{{Name: "web", Region: "us-east-1"}, {Name: "web", Region: "eu-west-1"}}}
	var names []string
	for _, v := range Clusters(Input{Snapshot: s}) {
		names = append(names, fmt.Sprint(v.Cluster.Name, len(v.Members)))
	}
	if got, want := fmt.Sprint(names), "[db1 web in eu-west-11 web in us-east-11]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

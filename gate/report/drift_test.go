package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/drift"
)

// drifted is what is left of the outage's past: a group that somebody resized,
// the members that came of it, and what a rule accepts.
func drifted() DriftReport {
	d := DriftReport{At: at(), States: []string{"terraform"}, Recorded: 2, Sources: sources(), Trail: attributed().Trail}
	for _, one := range []drift.Difference{
		{Code: drift.Size, Cluster: "search", Region: "us-east-1", Address: "aws_autoscaling_group.search", Ref: "search", Attribute: "desired_capacity", Recorded: "3", Live: "6",
			Message: "desired_capacity of aws_autoscaling_group.search in search is recorded as 3 and is 6"},
		{Code: drift.Attribute, Cluster: "search", Region: "us-east-1", Address: "aws_autoscaling_group.search", Ref: "search", Attribute: "suspended_processes", Recorded: "nothing", Live: `["AZRebalance"]`,
			Message: `suspended_processes of aws_autoscaling_group.search in search is recorded as nothing and is ["AZRebalance"]`},
		{Code: drift.Generations, Cluster: "search", Region: "us-east-1", Members: []string{"i-0", "i-3"}, Message: "search is of mixed generations: 3 members of a, 3 members of b"},
		{Code: drift.Gone, Cluster: "search", Region: "us-east-1", Address: "aws_instance.a", Ref: "i-0", Members: []string{"i-0"}, Ignored: "it is being moved", Until: "2999-12-31", Message: "aws_instance.a of search is recorded as i-0, which is gone"},
	} {
		d.Differences = append(d.Differences, Drifted{Difference: one, ByHand: one.ByHand(*d.Trail), Repair: []drift.Step{{Why: "To keep what is live", Text: "holdfast apply -refresh-only"}}})
	}
	return d
}

func driftAs(t *testing.T, d DriftReport) (text, doc string) {
	t.Helper()
	var b, j bytes.Buffer
	if err := Drift(&b, d, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := DriftJSON(&j, d); err != nil {
		t.Fatal(err)
	}
	return b.String(), j.String()
}

func TestDrift(t *testing.T) {
	text, doc := driftAs(t, drifted())
	golden(t, "drifted.txt", []byte(text))
	golden(t, "drifted.json", []byte(doc))
}

// What nobody was asked about is not said to be nobody's, and what was read in
// vain says so.
func TestNoEventIsNotNobody(t *testing.T) {
	const vain = "no event was found, which does not mean that nobody did it"
	d := drifted()
	d.Trail = &gate.Trail{}
	if text, _ := driftAs(t, d); strings.Contains(text, "who:") {
		t.Errorf("nobody was asked:\n%s", text)
	}
	d.Trail.Reach = attributed().Trail.Reach
	if text, _ := driftAs(t, d); strings.Count(text, vain) != 2 {
		t.Errorf("got not twice %q:\n%s", vain, text)
	}
}

// Drift in JSON is as its schema says, whatever is in it and whatever it lacks;
// and neither form lets a name in a record act on a terminal or on a CI.
func TestDriftIsSafeAndValid(t *testing.T) {
	s := compiled(t, DriftSchema())
	command := regexp.MustCompile(`(?m)^\s*::|##`)
	for _, name := range append(nasty(), "(none)") {
		d := DriftReport{At: at()}
		if name != "(none)" {
			one := drift.Difference{Code: drift.Gone, Cluster: name, Region: name, Address: name, Ref: name, Attribute: name, Recorded: name, Live: name, Members: []string{name}, Message: name}
			d = DriftReport{At: at(), States: []string{name}, Sources: hostile(name).Sources, Trail: hostile(name).Trail,
				Differences: []Drifted{{Difference: one, Repair: []drift.Step{{Why: name, Text: name}}}}}
		}
		text, doc := driftAs(t, d)
		for _, got := range []string{text, doc} {
			if command.MatchString(got) {
				t.Errorf("%q: got a command in\n%s", name, got)
			}
			if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && unsafe(r) }); i >= 0 {
				t.Errorf("%q: got %q", name, got[i:i+1])
			}
		}
		parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(parsed); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if s.Validate(map[string]any{"format_version": "1.0"}) == nil {
		t.Error("the schema refuses nothing")
	}
}

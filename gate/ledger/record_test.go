package ledger

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
)

func TestJudged(t *testing.T) {
	given := []gate.Override{{Code: "budget.breached"}}
	v := gate.Verdict{Decision: gate.Block, Account: "123456789012", Caller: "arn:aws:iam::123456789012:user/ann", Snapshot: "s", Config: "c", Plan: gate.Summary{Digest: "p"}, Findings: []gate.Finding{
		{Code: "settled.moving", Decision: gate.Block}, {Code: "budget.breached", Decision: gate.Warn, Overrides: given}, {Code: "fresh.old", Decision: gate.Block},
		{Code: "settled.moving", Decision: gate.Block}, {Code: "unmanaged.members", Decision: gate.Warn}, {Code: "aaa.bbb", Decision: gate.Warn, Overrides: given},
	}}
	r := Record{Codes: []string{"old"}, Let: []string{"old"}, Actor: Actor{User: "ann"}}
	r.Judged(gate.Input{}, v)
	want := Record{Plan: "p", Snapshot: "s", Config: "c", Decision: gate.Block, Account: "123456789012", Actor: Actor{User: "ann", ARN: v.Caller, Account: v.Account},
		Codes: []string{"fresh.old", "settled.moving"}, Let: []string{"aaa.bbb", "budget.breached"}, Input: &gate.Input{}, Verdict: &v}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKinds(t *testing.T) {
	for k := KindUnknown; k <= Released; k++ {
		var back Kind = 77
		text, _ := k.MarshalText()
		if err := back.UnmarshalText(text); err != nil || back != k || k != KindUnknown && k.said() == "" {
			t.Errorf("%s: got %v, %v back, said %q", text, back, err, k.said())
		}
	}
	var k Kind = 77
	if err := k.UnmarshalText([]byte("what a later version knows")); err != nil || k != KindUnknown {
		t.Errorf("got %v, %v, want unknown", k, err)
	}
	if got := Kind(Released + 1).String(); got != "unknown" {
		t.Errorf("got %q, want unknown", got)
	}
}

func TestDifference(t *testing.T) {
	for _, tc := range []struct{ recorded, now, want string }{
		{`{"a":1,"b":[1,2]}`, `{"a":1,"b":[1,3]}`, "verdict.b[1] was 2 and is 3"},
		{`{"a":1,"b":[1,2]}`, `{"a":1,"b":[1]}`, "verdict.b was [1,2] and is [1]"},
		{`{"a":1,"c":2}`, `{"a":1,"b":1,"c":3}`, "verdict.b was null and is 1"},
		{`{"c":2,"b":1}`, `{"c":3}`, "verdict.b was 1 and is null"},
		{`{"a":{"b":"x"}}`, `{"a":"x"}`, `verdict.a was {"b":"x"} and is "x"`},
		{`{"a":[1]}`, `{"a":{"b":1}}`, `verdict.a was [1] and is {"b":1}`},
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, "the two say the same in other bytes"},
		{`{`, `{}`, "one of the two is not JSON"},
		{`{"a":"` + strings.Repeat("é", 200) + `"}`, `{"a":""}`, `verdict.a was "` + strings.Repeat("é", 119) + `... and is ""`},
	} {
		if got := difference([]byte(tc.recorded), []byte(tc.now)); got != tc.want {
			t.Errorf("%s, %s: got %q, want %q", tc.recorded, tc.now, got, tc.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"{\"a\":\"é\"}\n":          "{\"a\":\"é\"}\n",
		"\"\u009b\u202e\x7f\"":     `"\u009b\u202e\u007f"`,
		"\"\U000e0041\U0001d173\"": `"\udb40\udc41\ud834\udd73"`,
		"\"\ufffd\xff\"":           `"\ufffd\ufffd"`,
	} {
		if got := string(Printable([]byte(in))); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestRecordsOfNewerVersions(t *testing.T) {
	chain := Chain("1", "a")
	read := func(format, more string) (Entry, error) {
		return decode(chain, 1, []byte(`{"format_version":"`+format+`","chain":"1/a","seq":1,"kind":"later","account":"1","cluster":"a","holdfast":"v9"`+more+`}`))
	}
	if e, err := read("1.7", `,"later":true`); err != nil || e.Record.Kind != KindUnknown {
		t.Errorf("a later minor version: got %v, %v, want an unknown kind and no error", e.Record.Kind, err)
	}
	for _, format := range []string{"2.0", "1", "", "10.0", "x"} {
		if _, err := read(format, ""); err == nil || !strings.Contains(err.Error(), "format") {
			t.Errorf("format %q: got %v, want an error", format, err)
		}
	}
	e, err := read("1.7", `,"input":{"later":1},"verdict":{}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Whole(); err == nil || !strings.Contains(err.Error(), "was written by holdfast v9") {
		t.Errorf("got %v, want that it was written by a later version", err)
	}
	if e, _ = read("1.7", `,"input":{},"verdict":{"decision":"later"}`); true {
		if _, err := e.Whole(); err == nil {
			t.Error("an unknown word in a verdict: got no error")
		}
	}
}

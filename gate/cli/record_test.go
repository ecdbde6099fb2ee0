package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/store"
)

// recorded is a factory whose store has a few records, and the ledger.
func recorded(t *testing.T) (*Factory, *bytes.Buffer, *bytes.Buffer, string) {
	t.Helper()
	f, stdout, stderr := factory()
	dir := t.TempDir()
	f.Env = []string{"HOLDFAST_STORE=" + dir}
	f.Suite = []*gate.Check{{Name: "ok", Plan: true, Run: func(*gate.Pass) error { return nil }}}
	kept, err := store.NewDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := f.Now()
	l := &ledger.Ledger{Store: kept, Version: buildVersion(), Sleep: f.Sleep, Now: func() time.Time { at = at.Add(time.Minute); return at }}
	exit := 0
	actor := ledger.Actor{User: "ann\x1b[31m\u202e", Host: "laptop"}
	given := &gate.Override{Code: "budget.breached", Cluster: "search", Plan: "abc", Reason: "the disk \x1b]0;full", By: "arn:aws:iam::123456789012:user/ann", At: at, Expires: at.Add(time.Hour)}
	in := gate.Input{Now: f.Now(), Plan: &gate.Plan{FormatVersion: "1.2", Digest: "0123456789abcdef"}, Snapshot: &gate.Snapshot{Account: "123456789012"}}
	for _, r := range []ledger.Record{
		{Kind: ledger.Intent, Run: "a"}, {Kind: ledger.Outcome, Run: "a", Exit: &exit}, {Kind: ledger.Settled, Run: "a", Serving: []ledger.Serving{{Role: "data", Serving: 5, Needs: 3}}},
		{Kind: ledger.Refused, Run: "b"}, {Kind: ledger.Refused, Run: "c", Why: "lease.held", Note: "bob holds it\n\x1b[2J"},
		{Kind: ledger.Intent, Run: "d", Would: true}, {Kind: ledger.Outcome, Run: "d", Idle: true},
		{Kind: ledger.Overridden, Run: "e", Override: given}, {Kind: ledger.Intent, Run: "e", Let: []string{"budget.breached"}},
		{Kind: ledger.Released, Run: "f", Before: "bob on ci-3"},
	} {
		clusters := []string{"search", "queue"}
		if r.Why == "" && (r.Kind == ledger.Intent || r.Kind == ledger.Refused) {
			let, would := r.Let, r.Would
			r.Judged(in, gate.Evaluate(in, f.Suite))
			r.Let, r.Would = let, would
		} else if r.Kind != ledger.Outcome {
			clusters = clusters[:1]
		}
		r.Account, r.Actor.User, r.Actor.Host = "123456789012", actor.User, actor.Host
		if _, err := l.Each(t.Context(), clusters, r); err != nil {
			t.Fatal(err)
		}
	}
	return f, stdout, stderr, dir
}

// record runs holdfast record and fails unless it ends with want.
func runRecord(t *testing.T, f *Factory, stdout, stderr *bytes.Buffer, want int, words ...string) string {
	t.Helper()
	stdout.Reset()
	stderr.Reset()
	if got := Run(t.Context(), f, words); got != want {
		t.Fatalf("%v: got exit status %d, want %d\n%s%s", words, got, want, stdout, stderr)
	}
	if said := stdout.String() + stderr.String(); strings.ContainsAny(said, "\x1b\u202e\x07") {
		t.Errorf("%v: what it wrote acts on a terminal: %q", words, said)
	}
	return stdout.String()
}

func TestRecordList(t *testing.T) {
	f, stdout, stderr, _ := recorded(t)
	all := runRecord(t, f, stdout, stderr, 0, "record", "list")
	for _, want := range []string{
		"TIME                  RECORD                  KIND      WHAT", "123456789012/search/1 ", "123456789012/queue/4 ", "exit 0", "data: 5 serve of 3 needed", "lease.held", "not started",
		"budget.breached until 2026-11-22 09:00:00Z", "was bob on ci-3", "allow, only observed", "0123456789ab\n",
		"16 records: 2 changes allowed (1 by an override), 2 refused, 1 would have been refused (observe mode), 1 unfinished.",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("got\n%s\nwant %q in it", all, want)
		}
	}
	if got := runRecord(t, f, stdout, stderr, 0, "record", "list", "--cluster", "queue", "-n", "2"); strings.Count(got, "\n") != 5 || strings.Contains(got, "search") {
		t.Errorf("got\n%s\nwant two records of queue", got)
	}
	var d struct {
		FormatVersion string `json:"format_version"`
		Records       []ledger.Record
		Counts        map[string]int
	}
	if err := json.Unmarshal([]byte(runRecord(t, f, stdout, stderr, 0, "record", "list", "-o", "json", "-n", "0")), &d); err != nil || d.FormatVersion != "1.0" || len(d.Records) != 16 || d.Counts["unfinished"] != 1 {
		t.Errorf("got %v, %q, %d records, %v", err, d.FormatVersion, len(d.Records), d.Counts)
	}
	runRecord(t, f, stdout, stderr, 1, "record", "list", "-n", "-1")
	f.Env = []string{"HOLDFAST_STORE=" + t.TempDir()}
	if got := runRecord(t, f, stdout, stderr, 0, "record", "list"); !strings.HasPrefix(got, "There are no records in ") {
		t.Errorf("got %q, want that there are none", got)
	}
}

func TestRecordShow(t *testing.T) {
	f, stdout, stderr, dir := recorded(t)
	for place, want := range map[string][]string{
		"search/1":                  {"Record 123456789012/search/1: intent", "holdfast: ALLOWED", `ann\x1b[31m\u202e`, "0123456789abcdef"},
		"123456789012/queue/1":      {"decision   is in record 123456789012/search/1"},
		"search/2":                  {"says       exit 0", "ends what  record 123456789012/search/1 began"},
		"search/5":                  {`note       bob holds it\n\x1b[2J`},
		"search/8":                  {`reason     the disk \x1b]0;full`, "budget.breached of search for plan abc"},
		"123456789012/search/00010": {"was bob on ci-3", "open then  record 123456789012/search/9"},
	} {
		got := runRecord(t, f, stdout, stderr, 0, "record", "show", place)
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: got\n%s\nwant %q in it", place, got, part)
			}
		}
	}
	exact, err := os.ReadFile(filepath.Join(dir, "records", "123456789012", "search", "0000000001.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := runRecord(t, f, stdout, stderr, 0, "record", "show", "search/1", "-o", "json"); got != string(exact) {
		t.Errorf("got\n%s\nwant the very bytes\n%s", got, exact)
	}
	for _, place := range []string{"search/99", "nobody/1", "search", "search/x", "/1", "search/0"} {
		runRecord(t, f, stdout, stderr, 1, "record", "show", place)
		if said := stderr.String(); !strings.HasPrefix(said, "Error: ") || strings.Count(said, "\n") < 2 {
			t.Errorf("%s: got %q, want what and how to fix it", place, said)
		}
	}
	runRecord(t, f, stdout, stderr, 1, "record", "show")
}

func TestRecordVerifyAndReplay(t *testing.T) {
	f, stdout, stderr, dir := recorded(t)
	if got, want := runRecord(t, f, stdout, stderr, 0, "record", "verify"), "The ledger is intact: 16 records in 2 chains.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := runRecord(t, f, stdout, stderr, 0, "--verbose", "record", "verify"); !strings.Contains(got, "123456789012/search ends at record 10, ") {
		t.Errorf("got %q, want where chains end", got)
	}
	for _, place := range []string{"search/1", "queue/1", "search/2", "search/4"} {
		if got := runRecord(t, f, stdout, stderr, 0, "record", "replay", place); !strings.Contains(got, "replays: allow, the same verdict byte for byte") {
			t.Errorf("%s: got %q, want that it replays", place, got)
		}
	}
	runRecord(t, f, stdout, stderr, 1, "record", "replay", "search/10")
	f.Suite = append(f.Suite, &gate.Check{Name: "new", Plan: true, Run: func(p *gate.Pass) error { p.Report(gate.Finding{Code: "new.bad", Message: "bad\x1b[31m"}); return nil }})
	if got := runRecord(t, f, stdout, stderr, 3, "record", "replay", "search/1"); !strings.Contains(got, `does NOT replay: verdict.decision was "allow" and is "block"`) {
		t.Errorf("got %q, want what differs", got)
	}
	file := filepath.Join(dir, "records", "123456789012", "search", "0000000002.json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(data, []byte(`"exit":0`), []byte(`"exit":1`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	got := runRecord(t, f, stdout, stderr, 3, "record", "verify")
	if !strings.Contains(got, "NOT intact: 1 fault in 16 records") || !strings.Contains(got, "123456789012/search: record 3 does not follow from record 2") {
		t.Errorf("got\n%s\nwant where it was edited", got)
	}
	var proof recordProof
	if err := json.Unmarshal([]byte(runRecord(t, f, stdout, stderr, 3, "-o", "json", "record", "verify")), &proof); err != nil || proof.Intact || len(proof.Faults) != 1 || proof.FormatVersion != "1.0" {
		t.Errorf("got %+v, %v, want one fault", proof, err)
	}
	if err := os.WriteFile(file, []byte("\x1b[31m{"), 0o600); err != nil {
		t.Fatal(err)
	}
	runRecord(t, f, stdout, stderr, 3, "record", "verify")
	runRecord(t, f, stdout, stderr, 1, "record", "show", "search/2")
	if got := runRecord(t, f, stdout, stderr, 1, "record", "list"); !strings.Contains(got, "cannot be read") || !strings.Contains(got, "123456789012/search/1 ") {
		t.Errorf("got\n%s\nwant the others, and that one cannot be read", got)
	}
}

func TestRecordOptions(t *testing.T) {
	f, _, _ := factory()
	g, root := newGlobalRoot(f)
	var got *recordOptions
	root.AddCommand(newRecord(g, func(_ context.Context, o *recordOptions) error { got = o; return nil }))
	root.SetArgs([]string{"record", "list", "--cluster", "search", "-n", "7", "-o", "json"})
	if err := root.Execute(); err != nil || got.cluster != "search" || got.last != 7 || got.output != "json" {
		t.Errorf("got %+v, %v", got, err)
	}
	root.SetArgs([]string{"record", "replay", "search/7"})
	if err := root.Execute(); err != nil || got.place != "search/7" {
		t.Errorf("got %+v, %v", got, err)
	}
}

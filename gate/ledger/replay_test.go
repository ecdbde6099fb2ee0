package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// values is the simplest store: what each key holds.
type values map[string][]byte

func (v values) Read(_ context.Context, key string) ([]byte, string, time.Duration, error) {
	data, ok := v[key]
	if !ok {
		return nil, "", 0, fs.ErrNotExist
	}
	return data, string(data), 0, nil
}

func (v values) Swap(_ context.Context, key, version string, data []byte) (string, error) {
	if string(v[key]) != version {
		return "", fs.ErrExist
	}
	v[key] = data
	return string(data), nil
}

func (v values) List(context.Context, string) ([]string, error) {
	var keys []string
	for key := range v {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys, nil
}

func over(v ledger.Store) *ledger.Ledger {
	return &ledger.Ledger{Store: v, Now: time.Now, Version: "v1", Sleep: func(context.Context, time.Duration) error { return nil }}
}

// keep writes a decision down and reads it back.
func keep(t *testing.T, in gate.Input, suite []*gate.Check) ledger.Entry {
	t.Helper()
	l := over(values{})
	r := ledger.Record{Kind: ledger.Intent, Run: "aa"}
	r.Judged(in, gate.Evaluate(in, suite))
	refs, err := l.Each(t.Context(), r.Verdict.Touched(), r)
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.Find(t.Context(), refs[0].String())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEveryStoryReplays writes down the decision on every case of the suite,
// and makes it again from the record.
func TestEveryStoryReplays(t *testing.T) {
	files, _ := filepath.Glob("../../checks/testdata/*.txtar")
	more, _ := filepath.Glob("../../checks/*/testdata/*.txtar")
	files = append(files, more...)
	if len(files) < 50 {
		t.Fatalf("got %d stories, want those of the checks", len(files))
	}
	suite := checks.Suite()
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == "case" })
		in, err := gatetest.Parse(string(ar.Files[i].Data))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		in.Recent = append(in.Recent, gate.Recent{Record: "123456789012/search/1", At: in.Now.Add(-time.Minute), Ends: []string{"i-1"}})
		if same, diff, err := ledger.Replay(keep(t, in, suite), suite, "v1"); !same || err != nil {
			t.Errorf("%s: got %v, %s, %v, want the same verdict", file, same, diff, err)
		}
	}
}

// TestHostileNamesReplayAndShow: names that would act on a terminal are in the
// record as escapes, and it replays all the same.
func TestHostileNamesReplayAndShow(t *testing.T) {
	const name = "a\u009b31m\u202eb\x7f\U000e0041<&>\xff"
	in := gate.Input{Now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), Plan: &gate.Plan{FormatVersion: "1.2", Changes: []gate.Change{{Address: name, Type: "aws_instance", Action: gate.Delete, ID: "i-1"}}}}
	e := keep(t, in, checks.Suite())
	if shown := ledger.Printable(e.Data); !bytes.Equal(shown, e.Data) || bytes.ContainsAny(e.Data, "\u009b\u202e\x7f\x1b") {
		t.Errorf("got a record that acts on a terminal: %q", e.Data)
	}
	if same, diff, err := ledger.Replay(e, checks.Suite(), "v1"); !same || err != nil {
		t.Errorf("got %v, %s, %v, want the same verdict", same, diff, err)
	}
}

func TestReplayTellsWhatDiffers(t *testing.T) {
	in := gate.Input{Now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), Plan: &gate.Plan{FormatVersion: "1.2"}}
	ok := &gate.Check{Name: "ok", Plan: true, Run: func(*gate.Pass) error { return nil }}
	bad := &gate.Check{Name: "ok", Plan: true, Run: func(p *gate.Pass) error {
		p.Report(gate.Finding{Code: "ok.bad", Message: "bad"})
		return nil
	}}
	e := keep(t, in, []*gate.Check{ok})
	same, diff, err := ledger.Replay(e, []*gate.Check{bad}, "v2")
	want := `verdict.decision was "allow" and is "block"; the record was made by holdfast v1 and this is v2`
	if same || err != nil || diff != want {
		t.Errorf("got %v, %q, %v, want %q", same, diff, err, want)
	}
	if _, _, err := ledger.Replay(ledger.Entry{}, nil, "v2"); err == nil || !strings.Contains(err.Error(), "no decision") {
		t.Errorf("got %v, want that there is no decision", err)
	}
}

// TestNoSecretReachesARecord puts a canary wherever a plan can hold a value
// that nobody may see.
func TestNoSecretReachesARecord(t *testing.T) {
	const attributes = `{"id":"i-1","arn":"arn:aws:ec2:us-east-1:123456789012:instance/i-1","ami":"CANARY","user_data":"CANARY","password_data":"CANARY","instance_type":"m5.large","tags":{"Cluster":"search","token":"CANARY"}}`
	const masks = `"before_sensitive":{"ami":true,"tags":{"token":true}},"after_sensitive":{"ami":true,"tags":{"token":true}}`
	change := func(address, kind, actions string) string {
		return fmt.Sprintf(`{"address":%q,"mode":"managed","type":%q,"name":"x","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":%s,"before":%s,"after":%s,"after_unknown":{},%s}}`,
			address, kind, actions, attributes, attributes, masks)
	}
	plan := `{"format_version":"1.2","terraform_version":"1.11.4","applyable":true,"complete":true,"errored":false,"variables":{"password":{"value":"CANARY"}},` +
		`"planned_values":{"outputs":{"o":{"sensitive":true,"value":"CANARY"}}},"prior_state":{"values":{"root_module":{"resources":[{"values":` + attributes + `}]}}},` +
		`"resource_drift":[` + change("aws_instance.x", "aws_instance", `["update"]`) + `],"resource_changes":[` + strings.Join([]string{
		change("aws_instance.x", "aws_instance", `["delete"]`), change("aws_instance.y", "aws_instance", `["delete","create"]`),
		change("aws_db_instance.z", "aws_db_instance", `["update"]`), change("aws_ssm_parameter.w", "aws_ssm_parameter", `["update"]`)}, ",") + `]}`
	p, err := tfplan.Decode(strings.NewReader(plan))
	if err != nil {
		t.Fatal(err)
	}
	store := values{}
	l := over(store)
	r := ledger.Record{Kind: ledger.Intent, Run: "aa", Actor: ledger.NewActor([]string{"AWS_SECRET_ACCESS_KEY=CANARY", "TF_VAR_x=CANARY", "GITHUB_TOKEN=CANARY", "GITHUB_ACTIONS=true"}, "u", "h", "/w")}
	in := gate.Input{Now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), Plan: p, Snapshot: &gate.Snapshot{Members: []gate.Member{{ID: "i-1", Region: "us-east-1", Tags: map[string]string{"Cluster": "search"}}}}}
	r.Judged(in, gate.Evaluate(in, checks.Suite()))
	if _, err := l.Each(t.Context(), r.Verdict.Touched(), r); err != nil {
		t.Fatal(err)
	}
	all := 0
	for key, data := range store {
		all += len(data)
		if bytes.Contains(data, []byte("CANARY")) {
			t.Errorf("a secret is in %s: %s", key, data)
		}
	}
	if all < 1000 {
		t.Errorf("got %d bytes in all, want a record with a plan", all)
	}
}

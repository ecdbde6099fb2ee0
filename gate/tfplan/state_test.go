package tfplan

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

func stateFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "states", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// One state, as show prints it and as the backend keeps it.
func TestBothFormsOfAStateSayTheSame(t *testing.T) {
	shown, err := DecodeState(bytes.NewReader(stateFile(t, "shown.json")))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := DecodeState(bytes.NewReader(stateFile(t, "stored.tfstate")))
	if err != nil {
		t.Fatal(err)
	}
	if shown.Digest == stored.Digest || len(shown.Digest) != 64 {
		t.Errorf("digests %q and %q: each is of what was read", shown.Digest, stored.Digest)
	}
	shown.Digest, stored.Digest = "", ""
	for i := range stored.Objects {
		// A state file names a provider as the configuration does.
		stored.Objects[i].Provider = shown.Objects[i].Provider
	}
	if !reflect.DeepEqual(shown, stored) {
		a, _ := json.MarshalIndent(shown, "", " ")
		b, _ := json.MarshalIndent(stored, "", " ")
		t.Errorf("shown:\n%s\nstored:\n%s", a, b)
	}
	var addresses []string
	for _, o := range shown.Objects {
		addresses = append(addresses, o.Address)
		if o.Region != "eu-central-1" || o.Account != "123456789012" {
			t.Errorf("%s is in %s of %s", o.Address, o.Region, o.Account)
		}
	}
	want := []string{"aws_autoscaling_group.search", `module.a["x"].aws_instance.node[0]`, `module.a["x"].aws_instance.node[1]`}
	if !reflect.DeepEqual(addresses, want) {
		t.Errorf("got %q, want %q", addresses, want)
	}
}

// As it stands, what an older provider wrote may mean something else.
func TestWhatAnOlderProviderWroteIsOutdated(t *testing.T) {
	text := string(stateFile(t, "stored.tfstate"))
	for old, outdated := range map[string]bool{"": false, `"schema_version": 1`: true} {
		s, err := DecodeState(strings.NewReader(strings.Replace(text, old, strings.Replace(old, "1", "0", 1), 1)))
		if err != nil || s.Outdated != outdated {
			t.Errorf("with an old %q: got outdated %v, %v; want %v", old, s.Outdated, err, outdated)
		}
	}
	// A type that is not kept, a data source and a newer provider are no reason.
	for _, fine := range []string{
		`{"mode":"managed","type":"aws_db_proxy","name":"a","instances":[{"schema_version":0,"attributes":{"id":"a"}}]}`,
		`{"mode":"data","type":"aws_db_instance","name":"a","instances":[{"schema_version":0,"attributes":{"id":"a"}}]}`,
		`{"mode":"managed","type":"aws_db_instance","name":"a","instances":[{"schema_version":9,"attributes":{"id":"a"}}]}`,
	} {
		if s, err := DecodeState(strings.NewReader(`{"version":4,"resources":[` + fine + `]}`)); err != nil || s.Outdated {
			t.Errorf("%s: got outdated or %v", fine, err)
		}
	}
}

// Addresses are those of plans, whatever the key of an instance holds.
func TestKeysOfAStateFileBecomeThoseOfAddresses(t *testing.T) {
	for key, want := range map[string]string{
		`0`: `0`, `"a"`: `"a"`, `"a<b&c"`: `"a<b&c"`, `"\u003c"`: `"<"`, `"${x}"`: `"$${x}"`, `"%{x"`: `"%%{x"`, `"q\"\\n"`: `"q\"\\n"`, `"\n"`: `"\n"`, `"ü"`: `"ü"`,
	} {
		s, err := DecodeState(strings.NewReader(`{"version":4,"resources":[{"mode":"managed","type":"aws_instance","name":"n","instances":[{"schema_version":1,"index_key":` + key + `,"attributes":{"id":"i-1"}}]}]}`))
		if err != nil || len(s.Objects) != 1 || s.Objects[0].Address != "aws_instance.n["+want+"]" {
			t.Errorf("%s: got %+v, %v; want %s", key, s, err, want)
		}
	}
}

// The recorded plans of hashicorp/aws have the schemas that count as up to date.
func TestRecordedSchemasAreUpToDate(t *testing.T) {
	plans, err := filepath.Glob(filepath.Join("testdata", "plans", "*.json"))
	if err != nil || len(plans) == 0 {
		t.Fatal("there are no recorded plans", err)
	}
	seen := map[string]bool{}
	for _, path := range plans {
		var p struct {
			Prior struct {
				Values struct {
					Root struct {
						Resources []struct {
							Type    string
							Version int `json:"schema_version"`
						}
					} `json:"root_module"`
				}
			} `json:"prior_state"`
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Prior.Values.Root.Resources {
			if seen[r.Type] = true; r.Version < schemaVersion(r.Type) {
				t.Errorf("%s: %s has version %d, which counts as older than %d", path, r.Type, r.Version, schemaVersion(r.Type))
			}
		}
	}
	if !seen["aws_instance"] || !seen["aws_autoscaling_group"] || !seen["aws_elasticache_replication_group"] {
		t.Errorf("only %v are recorded, which proves too little", seen)
	}
}

func TestNoSecretOfAStateIsKept(t *testing.T) {
	for _, name := range []string{"shown.json", "stored.tfstate"} {
		text := stateFile(t, name)
		if !bytes.Contains(text, []byte("CANARY")) {
			t.Fatalf("%s has no canary, so this proves nothing", name)
		}
		s, err := DecodeState(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := json.Marshal(s); bytes.Contains(b, []byte("CANARY")) {
			t.Errorf("%s: kept a secret: %s", name, b)
		}
	}
}

// What terraform 1.11.4 wrote of one resource, in its state and in show -json; and
// paths that no Terraform writes, of which everything is marked.
func TestSensitivePathsMarkWhatShowMarks(t *testing.T) {
	for _, tt := range []struct{ paths, want string }{
		{`[]`, ``},
		{`[[{"type": "get_attr", "value": "input"}, {"type": "get_attr", "value": "Token"}],
		   [{"type": "get_attr", "value": "input"}, {"type": "get_attr", "value": "list"}, {"type": "index", "value": {"value": 1, "type": "number"}}],
		   [{"type": "get_attr", "value": "input"}, {"type": "get_attr", "value": "list"}, {"type": "index", "value": {"value": 2, "type": "number"}}, {"type": "get_attr", "value": "k"}],
		   [{"type": "get_attr", "value": "input"}, {"type": "get_attr", "value": "set"}]]`,
			`{"input": {"Token": true, "list": [null, true, {"k": true}], "set": true}}`},
		{`[[{"value": "a"}, {"value": {"value": "k", "type": "string"}}], [{"value": "a"}]]`, `{"a": true}`},
		{`[[{"value": "a"}], [{"value": "a"}, {"value": {"value": "k", "type": "string"}}]]`, `{"a": true}`},
		{`[[{"value": "a"}, {"value": {"value": "k"}}], [{"value": "a"}, {"value": {"value": 0}}]]`, `{"a": true}`},
		{`[[{"value": "a"}, {"value": {"value": [1]}}]]`, `{"a": true}`},
		{`[[{"value": "a"}, {"value": {"value": 1e9}}]]`, `{"a": true}`},
		{`[[{"value": "a"}, {"value": {"value": -1}}]]`, `{"a": true}`},
		{`[[{"value": "a"}, {"value": {"value": 0.5}}]]`, `{"a": true}`},
		{`[[{"value": "a"}, {}]]`, `{"a": true}`},
		{`[[]]`, `true`},
	} {
		var paths [][]sensitivePart
		if err := json.Unmarshal([]byte(tt.paths), &paths); err != nil {
			t.Fatal(err)
		}
		got, err := maskOf(paths)
		var want bytes.Buffer
		if tt.want != "" {
			if err := json.Compact(&want, []byte(tt.want)); err != nil {
				t.Fatal(err)
			}
		}
		if string(got) != want.String() || err != nil {
			t.Errorf("%s: got %s, %v, want %s", tt.paths, got, err, &want)
		}
	}
}

func TestAStateOfNothingIsOne(t *testing.T) {
	for _, text := range []string{`{"format_version":"1.0"}`, `{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"x","outputs":{},"resources":[],"check_results":null}`} {
		if s, err := DecodeState(strings.NewReader(text)); err != nil || len(s.Objects) != 0 {
			t.Errorf("%s: got %v, %v", text, s, err)
		}
	}
}

func TestWhatIsNoStateIsRefused(t *testing.T) {
	shown := string(stateFile(t, "shown.json"))
	for _, c := range []struct {
		text string
		kind Kind
	}{
		{"", KindEmpty},
		{"{}", KindMalformed},
		{"[]", KindNotPlan},
		{`{"version":3}`, KindVersion},
		{`{"format_version":"1.2","planned_values":{},"resource_changes":[]}`, KindMalformed},
		{shown[:len(shown)/2], KindTruncated},
		{strings.Replace(shown, `node[1]`, `node[0]`, 1), KindMalformed},
	} {
		_, err := DecodeState(strings.NewReader(c.text))
		var e *Error
		if !errors.As(err, &e) || e.Kind != c.kind || strings.Contains(e.Message, "the plan ") {
			t.Errorf("%.40q: got %v, want one of kind %s about a state", c.text, err, c.kind)
		}
	}
}

// The keys of addresses are quoted as hclwrite does it, character by character,
// but for what go-cty writes in another form before.
func TestKeysAreQuotedAsHCLDoes(t *testing.T) {
	compared := 0
	for r := range rune(unicode.MaxRune + 1) {
		for _, s := range []string{string(r), "$" + string(r), "%" + string(r) + "{"} {
			v := cty.StringVal(s)
			if v.AsString() != s {
				continue
			}
			compared++
			if got, want := quoted(s), string(hclwrite.TokensForValue(v).Bytes()); got != want {
				t.Fatalf("%q: got %s, want %s", s, got, want)
			}
		}
	}
	if compared < 3*unicode.MaxRune*9/10 {
		t.Errorf("only %d strings were compared", compared)
	}
}

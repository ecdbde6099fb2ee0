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

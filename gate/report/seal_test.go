package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
)

func sealed(t testing.TB, v gate.Verdict) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, v, Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOpenReadsWhatJSONWrote(t *testing.T) {
	for name, v := range verdicts() {
		got, err := Open(sealed(t, v))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name != "hostile" { // what is not UTF-8 cannot come back
			if diff := cmp.Diff(whole(v), got); diff != "" {
				t.Errorf("%s: (-written +read)\n%s", name, diff)
			}
		}
		// How it is laid out is not what it says.
		compact := strings.NewReplacer("\n", "", "  ", "").Replace(string(sealed(t, allow())))
		if _, err := Open([]byte(compact)); err != nil {
			t.Errorf("compact: %v", err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	good := string(sealed(t, allow()))
	with := func(old, new string) string {
		out := strings.Replace(good, old, new, 1)
		if out == good {
			t.Fatalf("%q is not in the verdict", old)
		}
		return out
	}
	resealed := func(s string) string {
		sum, err := seal([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		at := strings.LastIndex(s, `"seal": "`) + len(`"seal": "`)
		return s[:at] + sum + s[at+len(sum):]
	}
	for name, tt := range map[string]struct{ in, code, text string }{
		"nothing":             {"", "bound.unreadable", "not a verdict"},
		"a plan":              {`{"format_version":"1.2","resource_changes":[]}`, "bound.unreadable", "not a verdict"},
		"a list":              {"[]", "bound.unreadable", "not a verdict"},
		"half of one":         {good[:len(good)/2], "bound.unreadable", "not the whole"},
		"two":                 {good + good, "bound.unreadable", "not a verdict"},
		"another version":     {with(`"1.3"`, `"2.0"`), "bound.unreadable", "format version 2.0"},
		"no number at all":    {with(`"1.3"`, `"1"`), "bound.unreadable", "format version 1"},
		"another decision":    {strings.Replace(string(sealed(t, parakeet())), `"decision": "block"`, `"decision": "allow"`, 1), "bound.edited", "not as holdfast wrote it"},
		"another expiry":      {with(`"expires": "0001`, `"expires": "2999`), "bound.edited", "not as holdfast wrote it"},
		"another plan":        {with("f1a90123", "f1a90124"), "bound.edited", "not as holdfast wrote it"},
		"no seal":             {with(`"seal"`, `"sealed"`), "bound.edited", "not as holdfast wrote it"},
		"an empty seal":       {with(`"seal": "`, `"seal": "", "x": "`), "bound.edited", "not as holdfast wrote it"},
		"a name in capitals":  {with(`"seal"`, `"Decision": "allow", "seal"`), "bound.edited", "not as holdfast wrote it"},
		"an unknown field":    {resealed(with(`"seal"`, `"later": 1, "seal"`)), "bound.unreadable", "does not know"},
		"an unknown word":     {resealed(with(`"decision": "allow"`, `"decision": "maybe"`)), "bound.unreadable", "does not know"},
		"a cluster of nobody": {resealed(with(`"clusters": [`, `"clusters": [null,`)), "bound.unreadable", "without anything in it"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := Open([]byte(tt.in))
			var refusal *OpenError
			if !errors.As(err, &refusal) || refusal.Code != tt.code || !strings.Contains(refusal.Text, tt.text) || refusal.Remedy == "" {
				t.Fatalf("got %+v, %v; want %s with %q", v.Decision, err, tt.code, tt.text)
			}
			if v.Decision != gate.Undecided {
				t.Errorf("got a verdict that decides %s", v.Decision)
			}
		})
	}
}

// FuzzOpen: no bytes panic, and what is taken can be written and taken again.
func FuzzOpen(f *testing.F) {
	for name, v := range verdicts() {
		if name != "large" {
			f.Add(sealed(f, v))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Open(b)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r != '\n' && unsafe(r) }) {
				t.Errorf("a refusal holds a hidden character: %q", err)
			}
			return
		}
		if _, err := Open(sealed(t, v)); err != nil {
			t.Errorf("what was read does not read again: %v", err)
		}
	})
}

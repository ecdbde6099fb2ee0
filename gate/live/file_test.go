package live_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate/live"
)

func saved(t *testing.T) string {
	t.Helper()
	// A clock with a location and fractions, as time.Now has.
	now := func() time.Time { return noon.In(time.FixedZone("CET", 3600)).Add(123456789) }
	s := live.Read(t.Context(), now, twoRegions(map[string]string{"a": "1"}), map[string]live.Want{"a": {}})
	var b bytes.Buffer
	if err := live.Save(&b, s); err != nil {
		t.Fatal(err)
	}
	got, err := live.Load(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("Load of what Save wrote: %v", err)
	}
	if diff := cmp.Diff(s, got); diff != "" {
		t.Fatalf("Load (-saved +loaded):\n%s", diff)
	}
	return b.String()
}

func TestSaveAndLoad(t *testing.T) { saved(t) }

func TestLoadRefuses(t *testing.T) {
	good := saved(t)
	change := func(old, new string) string {
		out := strings.Replace(good, old, new, 1)
		if out == good {
			t.Fatalf("%q is not in the saved snapshot", old)
		}
		return out
	}
	tests := []struct{ name, in, want string }{
		{"nothing", "", "not a snapshot"},
		{"text", "hello", "not a snapshot"},
		{"truncated", good[:len(good)/2], "truncated"},
		{"more after it", good + "{}", "something follows"},
		{"another file", `{"planned_values":{}}`, "not a snapshot"},
		{"a newer version", change(`"format_version": "1"`, `"format_version": "2"`), `format version "2"`},
		{"an unknown field", change(`"account": "1"`, `"account": "1", "more": 1`), `unknown field "more"`},
		{"an unknown phase", change(`"phase": "leaving"`, `"phase": "dozing"`), `unknown phase "dozing"`},
		{"a changed member", change(`"phase": "leaving"`, `"phase": "steady"`), "changed after it was saved"},
		{"a changed digest", change(`"digest": "`, `"digest": "0`), "changed after it was saved"},
		{"no snapshot", `{"format_version": "1"}`, "no snapshot"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := live.Load(strings.NewReader(tt.in))
			if err == nil {
				t.Fatal("Load: got no error")
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error: got %q, want one line with %q", err, tt.want)
			}
		})
	}
}

package tfplan

import (
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzDecode holds what must be true of any bytes: Decode does not panic, its
// errors are sentences of ours, and a plan it accepts has every object that a
// naive reading of the same bytes says is deleted.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/plans/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		// The smaller ones: a mutation of a large one changes nothing that counts.
		if text, err := os.ReadFile(file); err == nil && len(text) < 16<<10 {
			f.Add(text)
		}
	}
	for _, text := range []string{
		entries(instance("delete")), entries(instance("no-op"), instance("delete")), entries(instance("evacuate"), `null`),
		entries(strings.Replace(instance("delete"), `"managed"`, `"data"`, 1)),
		entries(entry("aws_instance.a", []string{"create", "delete"}, `"deposed":"1",`, `{"id":"i","tags":{"a":"b"}}`, `{"tags":null}`, `"after_unknown":{"id":true}`, `"before_sensitive":{"tags":{"a":true}}`)),
		entries(entry("aws_db_instance.d", []string{"delete", "create"}, ``, `{}`, `{}`, `"replace_paths":[["a",0]]`)),
		`{"Resource_Changes":[],"format_version":"1.2","resource_changes":[` + instance("delete") + `],"planned_values":{"x":[{}]}}`,
		`{"format_version":"1.2","resource_changes":[],"configuration":{"root_module":{"module_calls":{"m":{"module":{"resources":[{"address":"aws_instance.a","type":"aws_instance","provider_config_key":"aws"}]}}}},"provider_config":{"aws":{"expressions":{"region":{"references":["var.r"]}}}}},"variables":{"r":{"value":"us-east-1"}}}`,
		`{"format_version":"1.2","planned_values":{},"action_invocations":[{"address":"a","config_values":{"instance_id":["i"]}}],"deferred_changes":[{"resource_change":{"address":"a"}}],"complete":false}`,
		`{"format_version":"1.0","values":{}}`, `{"@level":"info"}`, "PK\x03\x04", "\xff\xfe", "\xef\xbb\xbf{}", "", "No changes. ",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { holds(t, text) })
}

// TestMutations does the same to plans that are whole JSON still, which blind
// mutation of bytes seldom leaves: it replaces parts of a plan by other parts.
func TestMutations(t *testing.T) {
	text, err := os.ReadFile("testdata/plans/d03_destroy.json")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	accepted := 0
	for _, seed := range []string{
		string(text),
		entries(instance("delete"), entry("aws_instance.b", []string{"create", "delete"}, `"deposed":"1",`, `{"id":"i","tags":{"a":"b"}}`, `{"tags":null}`, `"after_unknown":{"id":true}`, `"before_sensitive":{"tags":{"a":true}}`), instance("no-op")),
		entries(entry("aws_db_instance.d", []string{"delete", "create"}, ``, `{}`, `{}`, `"replace_paths":[["a",0]]`), strings.Replace(instance("delete"), `"managed"`, `"data"`, 1)),
	} {
		for range 700 {
			var plan any
			if err := json.Unmarshal([]byte(seed), &plan); err != nil {
				t.Fatal(err)
			}
			for range 1 + random.IntN(3) {
				plan = mutate(random, plan)
			}
			text, err := json.Marshal(plan)
			if err != nil {
				t.Fatal(err)
			}
			if holds(t, text) {
				accepted++
			}
		}
	}
	if accepted < 350 {
		t.Errorf("got %d plans accepted of 2100, want enough of them to mean something", accepted)
	}
}

// mutate replaces one random part of v.
func mutate(r *rand.Rand, v any) any {
	if r.IntN(6) == 0 {
		others := []any{nil, true, 1.0, "", "delete", "managed", "data", []any{}, []any{"delete"}, []any{"no-op"}, map[string]any{}, []any{v, v}}
		return others[r.IntN(len(others))]
	}
	switch v := v.(type) {
	case []any:
		if len(v) > 0 {
			i := r.IntN(len(v))
			v[i] = mutate(r, v[i])
		}
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		if len(names) > 0 {
			name := names[r.IntN(len(names))]
			v[name] = mutate(r, v[name])
		}
	}
	return v
}

// holds checks what must be true of any text and reports whether it is a plan.
func holds(t *testing.T, text []byte) bool {
	t.Helper()
	p, err := Decode(strings.NewReader(string(text)))
	if err != nil {
		var e *Error
		if !errors.As(err, &e) || e.Message == "" || p != nil {
			t.Fatalf("got plan %v and error %#v, want an *Error alone", p, err)
		}
		return false
	}
	if _, err := json.Marshal(p); err != nil {
		t.Fatalf("got a plan that cannot be written down: %v", err)
	}
	ended := map[identity]bool{}
	for _, c := range p.Changes {
		if c.Action.Ends() {
			ended[identity{c.Address, c.Deposed}] = true
		}
	}
	for _, id := range naivelyEnded(text) {
		if !ended[id] {
			t.Errorf("got no end of %q, deposed %q, which the plan has: %s", id.address, id.deposed, text)
		}
	}
	return true
}

// identity is what tells two changes apart.
type identity struct{ address, deposed string }

// naivelyEnded is every object that resource_changes says is deleted, or does
// something to that is not known to be harmless, read without any care.
func naivelyEnded(text []byte) []identity {
	var plan map[string]any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(text), "\xef\xbb\xbf")), &plan); err != nil {
		return nil
	}
	var ended []identity
	list, _ := plan["resource_changes"].([]any)
	for _, entry := range list {
		entry, _ := entry.(map[string]any)
		address, _ := entry["address"].(string)
		deposed, _ := entry["deposed"].(string)
		change, _ := entry["change"].(map[string]any)
		actions, _ := change["actions"].([]any)
		for _, word := range actions {
			switch word {
			case "no-op", "read", "create", "update", "forget":
			default:
				ended = append(ended, identity{address, deposed})
			}
		}
	}
	return ended
}

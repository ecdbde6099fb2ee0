package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// Replay makes a recorded decision again, from the recorded input, and reports
// whether it is the same byte for byte. If it is not, diff says where the two
// first differ, and version, that of this holdfast, whether the record was made
// by another. An error is a record that holds no decision, or one that this
// version cannot read. It reads nothing else: no AWS, no files, no clock.
func Replay(e Entry, suite []*gate.Check, version string) (same bool, diff string, err error) {
	r, err := e.Whole()
	if err != nil {
		return false, "", err
	}
	if r.Input == nil || r.Verdict == nil {
		return false, "", fmt.Errorf("%s holds no decision to replay\nReplay the record that it refers to", e.Ref)
	}
	got, err := json.Marshal(gate.Evaluate(*r.Input, suite))
	if err != nil {
		return false, "", fmt.Errorf("the verdict on %s cannot be written: %w", e.Ref, err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, e.verdict); err != nil {
		return false, "", fmt.Errorf("the verdict in %s cannot be read: %w", e.Ref, err)
	}
	if got = Printable(got); bytes.Equal(got, want.Bytes()) {
		return true, "", nil
	}
	diff = difference(want.Bytes(), got)
	if r.Holdfast != version {
		diff += fmt.Sprintf("; the record was made by holdfast %s and this is %s", r.Holdfast, version)
	}
	return false, diff, nil
}

// difference says where two JSON texts first differ.
func difference(recorded, now []byte) string {
	var a, b any
	if json.Unmarshal(recorded, &a) != nil || json.Unmarshal(now, &b) != nil {
		return "one of the two is not JSON"
	}
	if where, from, to := differs("", a, b); where != "" {
		return fmt.Sprintf("%s was %s and is %s", where, brief(from), brief(to))
	}
	return "the two say the same in other bytes"
}

// differs finds the first part in which two values differ; an empty place if
// they do not.
func differs(at string, a, b any) (string, any, any) {
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			names := slices.Collect(maps.Keys(x))
			for name := range y {
				names = append(names, name)
			}
			slices.Sort(names)
			for _, name := range slices.Compact(names) {
				if where, from, to := differs(at+"."+name, x[name], y[name]); where != "" {
					return where, from, to
				}
			}
			return "", nil, nil
		}
	case []any:
		if y, ok := b.([]any); ok && len(x) == len(y) {
			for i := range x {
				if where, from, to := differs(fmt.Sprintf("%s[%d]", at, i), x[i], y[i]); where != "" {
					return where, from, to
				}
			}
			return "", nil, nil
		}
	default:
		if a == b {
			return "", nil, nil
		}
	}
	return "verdict" + at, a, b
}

// brief is a value in few characters.
func brief(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	const shown = 120
	if r := []rune(string(b)); len(r) > shown {
		return string(r[:shown]) + "..."
	}
	return string(b)
}

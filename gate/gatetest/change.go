package gatetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// actions are the words a change line may use.
func action(word string) (gate.Action, bool) {
	a, ok := map[string]gate.Action{"no-op": gate.NoOp, "create": gate.Create, "update": gate.Update, "delete": gate.Delete, "replace": gate.ReplaceDeleteFirst,
		"replace-create-first": gate.ReplaceCreateFirst, "forget": gate.Forget, "forget-replace": gate.ForgetReplace, "transmogrify": gate.ActionUnknown}[word]
	return a, ok
}

// change reads a change or drift line. What the line does not say about an
// object that a member or group line records is taken from there.
func (c *builder) change(word string, f *fields) error {
	a, ok := action(f.arg(0))
	if !ok {
		return fmt.Errorf("unknown action %q", f.arg(0))
	}
	ch := gate.Change{Address: f.arg(1), Deposed: f.str("deposed", ""), Previous: f.str("previous", ""), Action: a, RawAction: f.arg(0), Region: f.str("region", region), ID: f.str("id", ""), Bucket: f.str("bucketof", "")}
	name := ch.Address[max(strings.LastIndex(ch.Address, "aws_"), strings.LastIndex(ch.Address, "awscc_")):]
	ch.Type, _, _ = strings.Cut(name, ".")
	ch.Resource, ch.Indexed = strings.Split(ch.Address, "[")[0], strings.HasSuffix(ch.Address, "]")
	i := slices.IndexFunc(c.in.Plan.Changes, func(r gate.Change) bool { return r.Address == ch.Address && ch.Deposed == "" })
	if i >= 0 {
		r := c.in.Plan.Changes[i]
		ch.ID, ch.Region, ch.Account = r.ID, r.Region, r.Account
		ch.Before, ch.After = maps.Clone(r.Before), maps.Clone(r.After)
	}
	f.attributes(&ch)
	switch {
	case a == gate.Create:
		ch.Before = nil
		if ch.After == nil {
			ch.After = gate.Attrs{}
		}
		if ch.After["tags"] == nil && c.cluster != "" {
			ch.After["tags"] = map[string]any{"Cluster": c.cluster}
		}
	case a == gate.Delete:
		ch.After, ch.Changed = nil, nil
		if ch.Before == nil && c.cluster != "" {
			ch.Before = gate.Attrs{"tags": map[string]any{"Cluster": c.cluster}}
		}
	}
	switch {
	case word == "drift":
		c.in.Plan.Drift = append(c.in.Plan.Drift, ch)
	case i >= 0:
		c.in.Plan.Changes[i] = ch
	default:
		c.in.Plan.Changes = append(c.in.Plan.Changes, ch)
	}
	return nil
}

// attributes reads the NAME=BEFORE->AFTER fields of a change line, and the
// names that are known only after apply.
func (f *fields) attributes(ch *gate.Change) {
	for _, k := range slices.Sorted(maps.Keys(f.kv)) {
		if f.used[k] || k == "unknown" || k == "partly" || k == "sensitive" {
			continue
		}
		f.used[k] = true
		stays, same := strings.CutSuffix(f.kv[k], "==")
		before, after, both := strings.Cut(f.kv[k], "->")
		if same {
			before, after, both = stays, stays, true
		}
		if !both {
			before, after = "null", before
		}
		if ch.Before == nil {
			ch.Before = gate.Attrs{}
		}
		if ch.After == nil {
			ch.After = gate.Attrs{}
		}
		ch.Before[k], ch.After[k] = value(before), value(after)
		if !same {
			ch.Changed = append(ch.Changed, k)
		}
	}
	for _, k := range f.list("unknown") {
		delete(ch.After, k)
		ch.Changed, ch.Unknown = append(ch.Changed, k), append(ch.Unknown, k)
	}
	ch.Unknown = append(ch.Unknown, f.list("partly")...)
	ch.Sensitive = f.list("sensitive")
	slices.Sort(ch.Changed)
	slices.Sort(ch.Unknown)
}

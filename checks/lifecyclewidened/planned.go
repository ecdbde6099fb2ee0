package lifecyclewidened

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// A change is what one entry of the plan does to the lifecycle of one bucket.
type change struct {
	gate.Change
	bucket        string               // its name; empty where nothing is to be looked at
	nameless      bool                 // it is about a bucket whose name is not known yet
	before, after []gate.LifecycleRule // recorded and planned
	recorded      bool                 // before is what the state says; else there is nothing recorded
	suspends      bool                 // objects that are deleted from then on leave no version
}

// changes are those entries of a plan that may take objects, in its order.
func changes(p *gate.Plan) []change {
	var out []change
	for _, c := range p.Changes {
		switch c.Type {
		case "aws_s3_bucket_lifecycle_configuration":
			if sets(c) {
				out = append(out, configuration(p, c))
			}
		case "aws_s3_bucket_versioning":
			if suspends(c) {
				out = append(out, change{Change: c, bucket: cmp.Or(c.Before.String("bucket"), c.After.String("bucket"), c.ID), suspends: true})
			}
		case "aws_s3_bucket":
			if c.Action == gate.Update {
				out = append(out, ofBucket(c)...)
			}
		}
	}
	return out
}

// sets reports whether a change writes a configuration. One that is deleted
// takes its rules along, and nothing else.
func sets(c gate.Change) bool {
	switch c.Action {
	case gate.NoOp, gate.Read, gate.Forget, gate.Delete:
		return false
	}
	return true
}

func configuration(p *gate.Plan, c gate.Change) change {
	out := change{Change: c, after: planned(c, "rule"), bucket: c.After.String("bucket")}
	if out.bucket == "" {
		out.bucket, out.nameless = fresh(p, c)
	}
	// S3 keeps one configuration of a bucket: a new one overwrites it whole.
	if before := c.Before.String("bucket"); before != "" && before == out.bucket {
		out.before, out.recorded = recorded(c, "rule"), true
	}
	return out
}

// fresh finds the bucket of a configuration that does not name it yet: that of
// the resource it refers to. One that the plan makes, under a name that nobody
// knows, has nothing to lose.
func fresh(p *gate.Plan, c gate.Change) (name string, nameless bool) {
	var names []string
	for _, b := range p.Changes {
		if b.Type != "aws_s3_bucket" || c.Bucket == "" || gate.Unkeyed(b.Address) != c.Bucket || b.Deposed != "" {
			continue
		}
		switch b.Action {
		case gate.Create, gate.ReplaceCreateFirst, gate.ReplaceDeleteFirst, gate.ForgetReplace:
			names = append(names, b.After.String("bucket"))
		default:
			return "", true
		}
	}
	// One of several instances is not told from another; each is new.
	if len(names) == 1 {
		return names[0], false
	}
	return "", len(names) == 0
}

func suspends(c gate.Change) bool {
	status := func(a gate.Attrs) string { return a.Block("versioning_configuration").String("status") }
	if status(c.Before) != "Enabled" {
		return false
	}
	// Who deletes the resource has the provider suspend versioning. A status that
	// is not known may be any.
	return c.Action.Ends() || c.Action == gate.Update && status(c.After) != "Enabled"
}

// ofBucket is what a change of the bucket itself does by its deprecated
// arguments.
func ofBucket(c gate.Change) []change {
	out := change{Change: c, bucket: cmp.Or(c.ID, c.Before.String("bucket")), recorded: true, before: recorded(c, "lifecycle_rule")}
	if slices.Contains(c.Changed, "lifecycle_rule") {
		out.after = planned(c, "lifecycle_rule")
	}
	if slices.Contains(c.Changed, "versioning") {
		was, _ := c.Before.Block("versioning")["enabled"].(bool)
		is, _ := c.After.Block("versioning")["enabled"].(bool)
		out.suspends = was && !is
	}
	if len(out.after) == 0 && !out.suspends {
		return nil
	}
	return []change{out}
}

// worst is a rule of which nothing is known.
func worst() gate.LifecycleRule {
	return gate.LifecycleRule{ID: unknownRule, Active: true, Acts: []gate.LifecycleStep{{Does: gate.StepExpire}, {Does: gate.StepExpireVersions}}}
}

const unknownRule = "(known after apply, or hidden)"

// planned are the rules a change would leave. What is not known of them is as
// wide and as early as it could be.
func planned(c gate.Change, name string) []gate.LifecycleRule {
	partly := slices.Contains(c.Unknown, name)
	list, known := c.After[name].([]any)
	if !known {
		// The whole list is unknown or sensitive: it may hold any rule.
		if partly || slices.Contains(c.Sensitive, name) {
			return []gate.LifecycleRule{worst()}
		}
		return nil
	}
	return rules(list, small(c.After) || c.Hides("transition_default_minimum_object_size"), partly)
}

// recorded are the rules that the state has. What is hidden of them takes
// nothing, so that nothing planned passes for what is there already.
func recorded(c gate.Change, name string) []gate.LifecycleRule {
	list, _ := c.Before[name].([]any)
	return rules(list, small(c.Before), false)
}

func small(a gate.Attrs) bool {
	return a.String("transition_default_minimum_object_size") == "varies_by_storage_class"
}

func rules(list []any, small, partly bool) []gate.LifecycleRule {
	var out []gate.LifecycleRule
	for _, v := range list {
		block, ok := v.(map[string]any)
		switch {
		case ok:
			out = append(out, rule(block, small, partly))
		case partly:
			// A rule that is unknown is null in the list.
			out = append(out, worst())
		}
	}
	return out
}

func rule(a gate.Attrs, small, partly bool) gate.LifecycleRule {
	r := gate.LifecycleRule{ID: a.String("id"), Filter: filter(a)}
	if r.ID == "" {
		r.ID = unknownRule
	}
	if on, ok := a["enabled"].(bool); ok {
		r.Active = on
	} else {
		// A status that is not known may be any.
		r.Active = a.String("status") != "Disabled"
	}
	small = small || r.Filter.Over > 0 || r.Filter.Under > 0
	for _, name := range []string{"expiration", "noncurrent_version_expiration", "transition", "noncurrent_version_transition"} {
		list, ok := a[name].([]any)
		if !ok && partly && a[name] == nil {
			// A block that is known only after apply is not in the plan at all.
			r.Acts = append(r.Acts, unknownStep(name))
			continue
		}
		for _, v := range list {
			block, ok := v.(map[string]any)
			if !ok {
				r.Acts = append(r.Acts, unknownStep(name))
				continue
			}
			if s, ok := step(name, block, small); ok {
				r.Acts = append(r.Acts, s)
			}
		}
	}
	return r
}

func unknownStep(name string) gate.LifecycleStep {
	does := map[string]string{"expiration": gate.StepExpire, "noncurrent_version_expiration": gate.StepExpireVersions,
		"transition": gate.StepArchive, "noncurrent_version_transition": gate.StepArchiveOld}[name]
	return gate.LifecycleStep{Does: does, Small: true}
}

// step reads one block of a rule; false if it takes no data.
func step(name string, a gate.Attrs, small bool) (gate.LifecycleStep, bool) {
	s := unknownStep(name)
	s.Days, s.Keep = int(max(number(a["days"]), number(a["noncurrent_days"]))), int(number(a["newer_noncurrent_versions"]))
	if at, err := time.Parse(time.RFC3339, a.String("date")); err == nil {
		s.Date = at
	} else if at, err := time.Parse(time.DateOnly, a.String("date")); err == nil {
		s.Date = at
	}
	s.Small = false
	switch name {
	case "expiration":
		_, says := a["days"]
		marker, _ := a["expired_object_delete_marker"].(bool)
		// It only clears away delete markers with nothing behind them.
		return s, !(marker && says && s.Days == 0 && s.Date.IsZero())
	case "transition", "noncurrent_version_transition":
		s.Class, s.Small = a.String("storage_class"), small
		return s, gate.Archived(s.Class)
	}
	return s, true
}

// filter reads the filter of a rule. None, an empty one and an empty prefix are
// all about the whole bucket, and so is whatever is not known.
func filter(a gate.Attrs) gate.Filter {
	list, _ := a["filter"].([]any)
	if len(list) == 0 {
		return gate.Filter{Prefix: a.String("prefix"), Tags: tags(a["tags"])}
	}
	f := a.Block("filter")
	if and := f.Block("and"); and != nil {
		return gate.Filter{Prefix: and.String("prefix"), Tags: tags(and["tags"]), Over: number(and["object_size_greater_than"]), Under: number(and["object_size_less_than"])}
	}
	out := gate.Filter{Prefix: f.String("prefix"), Over: number(f["object_size_greater_than"]), Under: number(f["object_size_less_than"])}
	if tag := f.Block("tag"); tag.String("key") != "" {
		if v, ok := tag["value"].(string); ok {
			out.Tags = map[string]string{tag.String("key"): v}
		}
	}
	return out
}

func tags(v any) map[string]string {
	m, _ := v.(map[string]any)
	var out map[string]string
	for k, v := range m {
		if s, ok := v.(string); ok {
			if out == nil {
				out = map[string]string{}
			}
			out[k] = s
		}
	}
	return out
}

// number reads a number that older providers write as a string; zero if it is
// neither.
func number(v any) int64 {
	switch v := v.(type) {
	case float64:
		return int64(v)
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		if err == nil {
			return n
		}
	}
	return 0
}

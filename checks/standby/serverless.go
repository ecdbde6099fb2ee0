package standby

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// serverless says what an update does to a serverless cache: its nodes are AWS's
// own, and so is who takes over. What is left to lose is room.
func serverless(c gate.Change, t touch) []touch {
	told := []string{"description", "daily_snapshot_time", "snapshot_retention_limit", "status", "endpoint", "reader_endpoint", "create_time", "full_engine_version"}
	calm := func(n string) bool { return idle(n) || slices.Contains(told, n) }
	if c.Action != gate.Update || !slices.ContainsFunc(c.Changed, func(n string) bool { return !calm(n) }) {
		return nil
	}
	t.sources = []string{gate.SourceServerless}
	if c.Does("cache_usage_limits") {
		t.refused = lowered(c)
	}
	var other []string
	for _, n := range c.Changed {
		if !calm(n) && !slices.Contains([]string{"cache_usage_limits", "security_group_ids", "user_group_id"}, n) {
			other = append(other, n)
		}
	}
	if slices.Sort(other); len(other) > 0 {
		// What another engine does to those who are connected nobody has said.
		t.refused = append(t.refused, refusal{"standby.unsure", "the plan changes " + strings.Join(other, ", ") + " of serverless cache %s in place, and what that does to whoever uses it is not known",
			"apply this change by itself, watched, when it may be out for a minute (holdfast --override standby.unsure)"})
	}
	return []touch{t}
}

// lowered says which limits of a serverless cache an update lowers. How much is in
// it, and how much is done with it, is not read.
func lowered(c gate.Change) []refusal {
	const remedy = "look at BytesUsedForCache and ElastiCacheProcessingUnits of the last days; if the new limit is well above both, let it through (holdfast --override standby.capacity)"
	if c.Hides("cache_usage_limits") {
		// Limits that nobody knows before apply may be any.
		return []refusal{{"standby.capacity", "the plan does not say what the new limits of serverless cache %s are", remedy}}
	}
	var out []refusal
	for _, l := range []struct{ block, unit, harm string }{
		{"data_storage", " GB", "what is beyond that is evicted, or no longer written"},
		{"ecpu_per_second", " ECPU a second", "what is beyond that is throttled"},
	} {
		was, limited := limit(c.Before, l.block)
		is, still := limit(c.After, l.block)
		switch {
		case !still || limited && is >= was:
			continue
		case !limited:
			out = append(out, refusal{"standby.capacity", fmt.Sprintf("the plan limits serverless cache %%s to %d%s, where it had no limit of its own: %s", is, l.unit, l.harm), remedy})
		default:
			out = append(out, refusal{"standby.capacity", fmt.Sprintf("the plan lowers the limit of serverless cache %%s from %d to %d%s: %s", was, is, l.unit, l.harm), remedy})
		}
	}
	return out
}

// limit is the most that one kind of limit allows; false if there is none.
func limit(a gate.Attrs, block string) (int, bool) {
	inner, _ := a.Block("cache_usage_limits")[block].([]any)
	if len(inner) == 0 {
		return 0, false
	}
	one, _ := inner[0].(map[string]any)
	return gate.Attrs(one).Int("maximum")
}

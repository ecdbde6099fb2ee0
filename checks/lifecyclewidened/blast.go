package lifecyclewidened

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// A bucket is one change and the bucket it is about, as it is live.
type bucket struct {
	*gate.Pass
	change
	store gate.DataStore
}

// rule judges one planned rule against what is taken already: by the live rules
// and, where there is something recorded, by the recorded ones too. A rule that
// somebody widened by hand is no leave to record it unseen.
func (b bucket) rule(r gate.LifecycleRule) {
	steps := beyond(r, b.store.Holds.Rules, b.Now)
	if b.recorded {
		for _, s := range beyond(r, b.before, b.Now) {
			if !slices.Contains(steps, s) {
				steps = append(steps, s)
			}
		}
	}
	if len(steps) == 0 || b.empty(r.Filter.Prefix) {
		return
	}
	old, had, byHand := b.former(r)
	f := gate.Finding{Decision: gate.Block, Subjects: []string{b.Address}, Evidence: b.evidence(r, old, had)}
	toll := b.toll(r, steps)
	switch {
	case r.ID == unknownRule:
		// What is not known may be any rule.
		f.Code = "lifecyclewidened.unknown"
		f.Message = fmt.Sprintf("the plan does not say what a rule of bucket %s takes: it is known only after apply, or sensitive, and may take everything", b.bucket)
		f.Remedy = "make the rules known before apply and not sensitive, and plan again"
	case had:
		f.Code = "lifecyclewidened.widened"
		f.Message = fmt.Sprintf("rule %s of bucket %s would cover more: %s", r.ID, b.bucket, differs(old, r))
		if byHand {
			f.Message += ", which somebody has made it already outside Terraform"
		}
		f.Remedy = "put back what limited the rule, and plan again; if it is applied already, " + b.undo(r)
	case r.Filter.Prefix != "" && toll.exact && toll.due == 0:
		// Nothing is due yet, and all there is was seen: there is time to look.
		f.Code, f.Decision = "lifecyclewidened.later", gate.Warn
		f.Message = fmt.Sprintf("the new rule %s of bucket %s takes nothing at the next run, and %s", r.ID, b.bucket, toll.first(b.Now))
		f.Remedy = "look at what is under " + r.Filter.Prefix + " before that day, and disable the rule if it is to stay"
		b.Report(f)
		return
	default:
		f.Code = "lifecyclewidened.added"
		f.Message = fmt.Sprintf("the new rule %s of bucket %s, about %s, %s", r.ID, b.bucket, scope(r.Filter), takes(steps))
		f.Remedy = "limit the rule to what may go, or let it through with holdfast --override if that is what it is about; if it is applied already, " + b.undo(r)
	}
	f.Message += ": " + strings.Join(slices.Concat([]string{toll.text(b.midnight())}, b.fate(steps), b.copies(r), b.unseen()), "; ")
	b.Report(f)
}

// suspended judges that versioning ends while rules expire objects.
func (b bucket) suspended() {
	if b.empty("") {
		return
	}
	rules := b.store.Holds.Rules
	for _, c := range changes(b.Plan) {
		if c.bucket == b.bucket && len(c.after) > 0 {
			rules = c.after
		}
	}
	var ids []string
	for _, r := range rules {
		if r.Active && slices.ContainsFunc(r.Acts, func(s gate.LifecycleStep) bool { return s.Does == gate.StepExpire }) {
			ids = append(ids, r.ID)
		}
	}
	f := gate.Finding{Code: "lifecyclewidened.unversioned", Decision: gate.Warn, Subjects: []string{b.Address},
		Message: fmt.Sprintf("the plan suspends versioning of bucket %s: what is written from then on is gone when it is deleted or overwritten", b.bucket), Remedy: "keep versioning enabled unless that is meant"}
	if len(ids) > 0 {
		f.Code, f.Decision = "lifecyclewidened.suspended", gate.Block
		f.Message += fmt.Sprintf(", and rule %s deletes it by itself, leaving no version", strings.Join(ids, ", "))
		f.Remedy = "keep versioning enabled, or end the expiration first; versioning can be enabled again at any time, for what is written after"
	}
	b.Report(f)
}

// empty reports whether it is known that nothing is below a prefix.
func (b bucket) empty(prefix string) bool {
	s, ok := b.sample(prefix)
	return ok && s.Objects.Empty() && s.Noncurrent.Empty()
}

// sample is what was seen below a prefix, or below one that holds it and is
// empty; it counts only if its sources were read just now.
func (b bucket) sample(prefix string) (gate.Sample, bool) {
	if !b.read(gate.SourceObjects) || !b.read(gate.SourceVersions) {
		return gate.Sample{}, false
	}
	i := slices.IndexFunc(b.store.Holds.Samples, func(s gate.Sample) bool { return s.Prefix == prefix })
	if i < 0 {
		return gate.Sample{}, false
	}
	return b.store.Holds.Samples[i], true
}

// read reports whether a source was read in full and is not stale.
func (b bucket) read(source string) bool {
	return slices.ContainsFunc(b.Snapshot.Sources, func(s gate.Source) bool {
		return s.Name == source && s.Region == b.Region && s.Complete && !s.Stale(b.Now, b.Config.SnapshotAge)
	})
}

// former is the rule of the same id that is there now and takes less: the live
// one, else the recorded one, and then somebody has changed the live one.
func (b bucket) former(r gate.LifecycleRule) (old gate.LifecycleRule, had, byHand bool) {
	for _, list := range [][]gate.LifecycleRule{b.store.Holds.Rules, b.before} {
		i := slices.IndexFunc(list, func(o gate.LifecycleRule) bool { return o.ID == r.ID })
		if i < 0 {
			continue
		}
		byHand = had
		old, had = list[i], true
		if len(beyond(r, list[i:i+1], b.Now)) > 0 {
			break
		}
	}
	return old, had, byHand
}

// midnight is when S3 next runs the rules.
func (b bucket) midnight() time.Time { return b.Now.UTC().Truncate(day).Add(day) }

const day = 24 * time.Hour

func (b bucket) undo(r gate.LifecycleRule) string {
	at := b.midnight()
	return fmt.Sprintf("disable rule %s before %s UTC, in %s: S3 then leaves what it has not removed yet", r.ID, at.Format("2006-01-02 15:04"), gate.Span(at.Sub(b.Now).Round(time.Minute)))
}

func (b bucket) evidence(r, old gate.LifecycleRule, had bool) []gate.Evidence {
	was := "no rule"
	if had {
		was = cover(old)
	}
	return []gate.Evidence{{Source: gate.SourceLifecycle, Ref: b.bucket, Field: r.ID, Want: was, Got: cover(r)}}
}

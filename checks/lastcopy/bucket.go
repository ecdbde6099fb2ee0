package lastcopy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// empties reports whether a change destroys a bucket with what is in it. S3
// refuses to delete one that is not empty; with force_destroy the provider
// removes every version first. Where that is not known it may.
func empties(c gate.Change) bool {
	if c.Type != "aws_s3_bucket" || !c.Action.Ends() {
		return false
	}
	force, known := c.Before["force_destroy"].(bool)
	return force || !known && c.Before["force_destroy"] != nil || slices.Contains(c.Sensitive, "force_destroy")
}

func bucketOf(c gate.Change) string {
	return cmp.Or(c.Before.String("bucket"), c.ID, c.After.String("bucket"))
}

func asksOfBucket(c gate.Change) []gate.Ask {
	if !empties(c) {
		return nil
	}
	whole := []string{bucketOf(c) + "/"}
	return []gate.Ask{
		{Source: gate.SourceObjects, Region: c.Region, About: whole},
		{Source: gate.SourceVersions, Region: c.Region, About: whole},
		{Source: gate.SourceStorage, Region: c.Region, About: []string{bucketOf(c)}, Optional: true},
	}
}

// emptied judges that a bucket goes with what is in it.
func emptied(p *gate.Pass, c gate.Change) {
	if !empties(c) {
		return
	}
	store, there := p.Snapshot.DataStore(gate.KindBucket, c.Region, bucketOf(c))
	if !there {
		return
	}
	var held gate.Holding
	if store.Holds != nil {
		held = *store.Holds
	}
	var whole gate.Sample // of which nothing is known if there is none
	for _, s := range held.Samples {
		if s.Prefix == "" {
			whole = s
		}
	}
	if whole.Objects.Empty() && whole.Noncurrent.Empty() {
		return
	}
	verb := "delete"
	if c.Action != gate.Delete {
		verb = "replace"
	}
	p.Report(gate.Finding{Code: "lastcopy.emptied", Decision: gate.Block, Subjects: []string{c.Address},
		Message: fmt.Sprintf("the plan would %s bucket %s and, by force_destroy, all that is in it for good: %s", verb, store.ID, contents(whole, held.Usage)),
		Remedy:  "copy what is to stay elsewhere, empty the bucket by hand, and plan again"})
}

// contents says what there is at least.
func contents(s gate.Sample, usage *gate.Usage) string {
	current, old := s.Objects.Count(), s.Noncurrent.Count()
	text := gate.Count(current, "object")
	if old > 0 {
		text += " and " + gate.Count(old, "noncurrent version")
	}
	switch {
	case s.Objects.Read == gate.Yes && s.Objects.Whole && s.Noncurrent.Read == gate.Yes && s.Noncurrent.Whole:
	case current+old == 0:
		text = "how much that is was not seen"
	default:
		text = "at least " + text
	}
	if days := slices.Concat(s.Objects.Days, s.Noncurrent.Days); len(days) > 0 {
		oldest := slices.MinFunc(days, func(a, b gate.Day) int { return a.Day.Compare(b.Day) })
		text += ", the oldest of " + oldest.Day.Format("2006-01-02")
	}
	if usage != nil {
		text += fmt.Sprintf("; by CloudWatch %s on %s", gate.Count(int(usage.Objects), "object"), usage.At.Format("2006-01-02"))
	}
	return text
}

// A feed is one rule that copies a bucket to another.
type feed struct {
	active  bool
	markers bool // deletions are copied too
}

// feeds are the destinations of a configuration's rules that copy; false if
// they are not known.
func feeds(a gate.Attrs) (map[string]feed, bool) {
	list, ok := a["rule"].([]any)
	if !ok {
		return nil, false
	}
	out := map[string]feed{}
	for _, v := range list {
		rule, _ := v.(map[string]any)
		r := gate.Attrs(rule)
		arn := r.Block("destination").String("bucket")
		if arn == "" {
			return nil, false
		}
		if r.String("status") == "Disabled" {
			continue
		}
		filters, _ := r["filter"].([]any)
		// Rules of the first version have no filter, and copy delete markers.
		markers := len(filters) == 0
		if status := r.Block("delete_marker_replication").String("status"); status != "" {
			markers = status != "Disabled"
		}
		to := arn[strings.LastIndex(arn, ":")+1:]
		out[to] = feed{active: true, markers: markers || out[to].markers}
	}
	return out, true
}

// unfed judges that the backups of a bucket, which lie where it is copied to,
// stop being that: nothing is copied any more, or deletions are.
func unfed(p *gate.Pass, c gate.Change) {
	configuration := c.Type == "aws_s3_bucket_replication_configuration" && (c.Action.Ends() || c.Action == gate.Update || c.Action == gate.Create)
	argument := c.Type == "aws_s3_bucket" && c.Action == gate.Update && c.Does("replication_configuration")
	if !configuration && !argument {
		return
	}
	id := bucketOf(c)
	before, _ := feeds(c.Before)
	after, known := feeds(c.After)
	hidden := c.Hides("rule")
	if c.Action == gate.Delete {
		after, known, hidden = nil, true, false
	}
	for _, place := range p.Config.Promise(id, c.Address).Backups {
		name, _, _ := strings.Cut(place, "/")
		if name == id {
			continue
		}
		finding := func(code, message string) {
			p.Report(gate.Finding{Code: code, Decision: gate.Block, Subjects: []string{c.Address}, Message: message,
				Remedy: "say in the data block of holdfast.hcl where its backups lie from then on, or leave the replication as it is"})
		}
		switch was, is := before[name], after[name]; {
		case argument || hidden || !known:
			// Rules that are not shown may end it, or carry deletions.
			finding("lastcopy.unfed", fmt.Sprintf("the plan changes the replication of bucket %s and does not show what it copies to %s, where its backups lie", id, name))
		case was.active && !is.active:
			finding("lastcopy.unfed", fmt.Sprintf("the plan ends the replication of bucket %s to %s, where its backups lie: what is written from then on is nowhere else", id, name))
		case is.markers && !was.markers:
			finding("lastcopy.follows", fmt.Sprintf("by the plan what is deleted in bucket %s would be deleted in %s too, where its backups lie", id, name))
		}
	}
}

package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/report"
)

// lines writes lines and keeps the first error. What stands in a record was
// written by others, so all of it goes through plain.
type lines struct {
	w   io.Writer
	err error
}

func (p *lines) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, plain(fmt.Sprintf(format, args...)))
	}
}

// plain makes text show as what it is: what would move the cursor, change
// colours or reorder the text is written as an escape.
func plain(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	quoted := strconv.Quote(s)
	return quoted[1 : len(quoted)-1]
}

// writeDocument writes a result for programs.
func writeDocument(w io.Writer, document any) error {
	b, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the result as JSON: %w", err)
	}
	_, err = w.Write(append(ledger.Printable(b), '\n'))
	return err
}

// A recordList is what record list shows.
type recordList struct {
	FormatVersion string          `json:"format_version"`
	Listed        int             `json:"listed"`
	Records       []ledger.Record `json:"records"` // newest first, without input and verdict
	Counts        recordCounts    `json:"counts"`
	Unreadable    []string        `json:"unreadable,omitempty"` // places whose records cannot be read
	rows          [][]string
	store         string // where they are kept
}

// recordCounts counts changes, each once in whatever number of clusters.
type recordCounts struct {
	Allowed    int `json:"allowed"`
	Refused    int `json:"refused"`
	Would      int `json:"would_have_been_refused"` // in observe mode
	Overridden int `json:"overridden"`              // those of Allowed that an override let through
	Unfinished int `json:"unfinished"`              // that began, and no end is recorded
}

// add takes in a record, or one that cannot be read.
func (d *recordList) add(e ledger.Entry, err error) {
	d.Listed++
	if err != nil {
		d.Unreadable = append(d.Unreadable, e.Ref.String())
		d.rows = append(d.rows, []string{"?", e.Ref.String(), "?", "cannot be read", "", ""})
		return
	}
	r := e.Record
	d.Records = append(d.Records, r)
	d.rows = append(d.rows, []string{stamp(r.At), e.Ref.String(), r.Kind.String(), gist(r), r.Actor.Who(), r.Plan[:min(12, len(r.Plan))]})
}

// count counts the runs of the records, which begin with the newest.
func (d *recordList) count() {
	allowed, refused, would, overridden, ended := runs{}, runs{}, runs{}, runs{}, runs{}
	open := runs{}
	for _, r := range d.Records {
		switch {
		case r.Would:
			would.add(r.Run)
		case r.Kind == ledger.Refused:
			refused.add(r.Run)
		}
		switch r.Kind {
		case ledger.Outcome:
			ended.add(r.Chain + " " + r.Run)
		case ledger.Intent:
			allowed.add(r.Run)
			if len(r.Let) > 0 {
				overridden.add(r.Run)
			}
			if !ended[r.Chain+" "+r.Run] {
				open.add(r.Run)
			}
		}
	}
	for run := range would {
		delete(allowed, run)
	}
	d.Counts = recordCounts{len(allowed), len(refused), len(would), len(overridden), len(open)}
}

type runs map[string]bool

func (r runs) add(run string) { r[run] = true }

func (d *recordList) text(p *lines) {
	if len(d.rows) == 0 {
		p.line("There are no records in %s.", d.store)
		return
	}
	table := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{{"TIME", "RECORD", "KIND", "WHAT", "WHO", "PLAN"}}, d.rows...) {
		for i := range row {
			row[i] = plain(cmp.Or(row[i], "-"))
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	p.err = table.Flush()
	c := d.Counts
	p.line("")
	p.line("%s: %s allowed (%d by an override), %d refused, %d would have been refused (observe mode), %d unfinished.",
		gate.Count(d.Listed, "record"), gate.Count(c.Allowed, "change"), c.Overridden, c.Refused, c.Would, c.Unfinished)
}

// stamp is an instant in a table.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// gist is what a record says, in few words.
func gist(r ledger.Record) string {
	var parts []string
	say := func(ok bool, format string, args ...any) {
		if ok {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	say(r.Decision != gate.Undecided, "%s", r.Decision)
	say(len(r.Codes) > 0, "%s", some(r.Codes))
	say(r.Why != "", "%s", r.Why)
	say(r.Would, "only observed")
	say(len(r.Let) > 0, "overridden: %s", some(r.Let))
	say(r.Kind == ledger.Outcome && r.Idle, "not started")
	say(r.Kind == ledger.Outcome && !r.Idle && r.Exit == nil, "exit not known")
	say(r.Exit != nil, "exit %d", value(r.Exit))
	say(r.Interrupt != "", "interrupted")
	for _, s := range r.Serving {
		say(true, "%s", serves(s))
	}
	if r.Override != nil {
		say(true, "%s until %s by %s", r.Override.Code, stamp(r.Override.Expires), r.Override.By)
	}
	say(r.Before != "", "was %s", r.Before)
	return strings.Join(parts, ", ")
}

func value(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// some names two and counts the rest.
func some(codes []string) string {
	if len(codes) > 2 {
		return fmt.Sprintf("%s and %d more", strings.Join(codes[:2], " "), len(codes)-2)
	}
	return strings.Join(codes, " ")
}

func serves(s ledger.Serving) string {
	role := ""
	if s.Role != "" {
		role = s.Role + ": "
	}
	return fmt.Sprintf("%s%d serve of %d needed", role, s.Serving, s.Needs)
}

// showRecord writes one record for people, its verdict as it was reported then.
func showRecord(w io.Writer, r ledger.Record, ref ledger.Ref, o report.Options) error {
	p := &lines{w: w}
	field := func(name, text string) {
		if text != "" {
			p.line("  %-10s %s", name, text)
		}
	}
	p.line("Record %s: %s", ref, r.Kind)
	field("at", stamp(r.At))
	field("cluster", r.Cluster)
	field("with", strings.Join(slices.DeleteFunc(slices.Clone(r.Clusters), func(c string) bool { return c == r.Cluster }), ", "))
	field("says", gist(r))
	field("note", r.Note)
	field("interrupt", r.Interrupt)
	if v := r.Override; v != nil {
		field("override", fmt.Sprintf("%s of %s for plan %s, by %s, until %s", v.Code, orPlan(v.Cluster), v.Plan, v.By, stamp(v.Expires)))
		field("reason", v.Reason)
	}
	field("who", r.Actor.Who())
	field("as", r.Actor.ARN)
	if ci := r.Actor.CI; ci != nil {
		field("job", strings.TrimSpace(strings.Join([]string{ci.System, ci.Repository, ci.Run, ci.URL}, " ")))
	}
	field("on", strings.TrimSpace(r.Actor.Host+" "+r.Actor.Directory))
	field("run", r.Run)
	if r.Token > 0 {
		field("lease", fmt.Sprintf("token %d", r.Token))
	}
	field("plan", r.Plan)
	field("snapshot", r.Snapshot)
	field("config", r.Config)
	field("versions", strings.TrimSpace(fmt.Sprintf("holdfast %s, %s %s", r.Holdfast, cmp.Or(r.Product, "terraform"), r.Terraform)))
	field("ends", strings.Join(r.Ends, ", "))
	for _, s := range r.Sizes {
		field("resizes", fmt.Sprintf("%s in %s from %d to %d", s.Group, s.Region, s.From, s.To))
	}
	if r.See != nil {
		field("decision", "is in record "+r.See.String())
	}
	if r.Intent != nil {
		field("ends what", fmt.Sprintf("record %s/%d began", r.Chain, r.Intent.Seq))
	}
	for _, m := range r.Marks {
		if m.Kind == ledger.Intent && (r.Intent == nil || m.Seq != r.Intent.Seq) {
			field("open then", fmt.Sprintf("record %s/%d", r.Chain, m.Seq))
		}
	}
	field("sha256", ref.SHA256)
	if r.Verdict == nil || p.err != nil {
		return p.err
	}
	p.line("")
	if p.err != nil {
		return p.err
	}
	return report.Text(w, *r.Verdict, o)
}

func orPlan(cluster string) string {
	if cluster == "" {
		return "the plan as a whole"
	}
	return cluster
}

// A recordProof is what record verify found.
type recordProof struct {
	FormatVersion string         `json:"format_version"`
	Intact        bool           `json:"intact"`
	Records       int            `json:"records"`
	Faults        []ledger.Fault `json:"faults,omitempty"`
	Ends          []ledger.Ref   `json:"ends,omitempty"` // where each chain ends, to be kept elsewhere
}

func (d recordProof) text(p *lines, ends bool) {
	if d.Intact {
		p.line("The ledger is intact: %s in %s.", gate.Count(d.Records, "record"), gate.Count(len(d.Ends), "chain"))
	} else {
		p.line("The ledger is NOT intact: %s in %s.", gate.Count(len(d.Faults), "fault"), gate.Count(d.Records, "record"))
	}
	for _, f := range d.Faults {
		if f.Chain == "" {
			p.line("  %s", f.Text)
		} else {
			p.line("  %s: %s", f.Chain, f.Text)
		}
	}
	for _, end := range d.Ends {
		if ends {
			p.line("  %s ends at record %d, %s", end.Chain, end.Seq, end.SHA256)
		}
	}
	if !d.Intact {
		p.line("Keep what is there for an inquiry, and name a new store in holdfast.hcl.")
	}
}

// A recordReplay is what record replay found.
type recordReplay struct {
	FormatVersion string        `json:"format_version"`
	Record        ledger.Ref    `json:"record"` // that holds the decision
	Decision      gate.Decision `json:"decision"`
	Same          bool          `json:"same"`
	Difference    string        `json:"difference,omitempty"`
}

func (d recordReplay) text(p *lines) {
	if d.Same {
		p.line("Record %s replays: %s, the same verdict byte for byte.", d.Record, d.Decision)
		return
	}
	p.line("Record %s does NOT replay: %s.", d.Record, d.Difference)
}

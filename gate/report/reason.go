package report

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Headline is the answer in words, "BLOCKED", and the sentence that goes with
// it, as the first line of Text has them. The sentence may have names in it:
// it is to be escaped for where it goes.
func Headline(v gate.Verdict) (word, sentence string) {
	word, sentence, _ = headline(v)
	return word, sentence
}

// headline is the answer, the sentence that goes with it, and the index of the
// finding whose message that is, or -1.
func headline(v gate.Verdict) (string, string, int) {
	if v.Decision.Permits() {
		return allowed(v.Findings), kept(v), -1
	}
	if i := principal(v.Findings); i >= 0 {
		return word(gate.Block), v.Findings[i].Message, i
	}
	return word(gate.Block), reasons(v)[len(v.Findings)].Message, -1
}

// reasons are the findings of a verdict. One that permits nothing and has no
// finding that blocks gets one more, so that nobody takes it for allowed.
func reasons(v gate.Verdict) []gate.Finding {
	out := slices.Clone(v.Findings)
	if v.Decision.Permits() || slices.ContainsFunc(out, blocks) {
		return out
	}
	// A verdict without a reason permits nothing either.
	f := gate.Finding{Check: "plan", Code: "plan.undecided", Decision: gate.Block, Message: "nothing was decided", Remedy: "run holdfast check again, and report it if that says so too"}
	if i := slices.IndexFunc(v.Runs, func(r gate.Run) bool { return r.Outcome != gate.Ran && !r.Decision.Permits() }); i >= 0 {
		r := v.Runs[i]
		f.Check, f.Code, f.Cluster = r.Check, r.Check+"."+r.Outcome.String(), r.Cluster
		f.Message = "the check " + r.Check + " could not judge: " + r.Reason
	}
	return append(out, f)
}

// known are the Terraform addresses that a verdict's clusters have anything of.
type known map[string]bool

func knownTo(v gate.Verdict) known {
	out := known{}
	for _, c := range v.Clusters {
		for _, e := range c.Effects {
			out[e.Address] = true
		}
		for _, r := range append(slices.Clone(c.Recorded), c.Drift...) {
			out[r.Address] = true
		}
		for _, m := range c.Members {
			for _, a := range m.Addresses {
				out[a] = true
			}
		}
	}
	return out
}

// of are the addresses among what a finding is about.
func (k known) of(f gate.Finding) []string {
	var out []string
	for _, s := range f.Subjects {
		if k[s] {
			out = append(out, s)
		}
	}
	return out
}

// fingerprints tell each finding from every other of the verdict, and stay the
// same as long as the same thing is found of the same cluster, role and
// addresses, whatever the numbers, members and times.
func fingerprints(k known, fs []gate.Finding) []string {
	seen := map[string]int{}
	out := make([]string, 0, len(fs))
	for _, f := range fs {
		key := strings.Join(append([]string{f.Code, f.Cluster, f.Role}, k.of(f)...), "\x00")
		key += strings.Repeat("\x00again", seen[key])
		seen[key]++
		sum := sha256.Sum256([]byte(key))
		out = append(out, hex.EncodeToString(sum[:16]))
	}
	return out
}

// stops reports whether a finding stops who asks: it blocks, and this is not
// only observed.
func (o Options) stops(f gate.Finding) bool { return blocks(f) && !o.Observe }

// permits reports whether who asks may go on.
func (o Options) permits(v gate.Verdict) bool { return v.Decision.Permits() || o.Observe }

// message is a finding in one sentence, and who let it through.
func message(f gate.Finding) string {
	text := f.Message
	for _, o := range f.Overrides {
		text += "; overridden by " + o.By + ": " + o.Reason
	}
	return text
}

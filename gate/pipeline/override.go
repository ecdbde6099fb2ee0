package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// An Ask is an override that whoever runs holdfast gives.
type Ask struct {
	Code    string
	Cluster string // empty means the one cluster that the code blocks
	Reason  string
	For     time.Duration // how long it is good for; zero means as long as the config lets one be
}

// asked turns what the user overrides into overrides of what a verdict blocks.
func (w *Wrapper) asked(v gate.Verdict) ([]gate.Override, error) {
	var out []gate.Override
	for _, ask := range w.Overrides {
		blocked := blockedBy(v, ask.Code)
		if ask.Cluster != "" {
			blocked = slices.DeleteFunc(blocked, func(c string) bool { return c != ask.Cluster })
		}
		switch len(blocked) {
		case 0:
			fmt.Fprintf(w.Log, "holdfast: nothing is blocked by %s, so --override %s does nothing.\n", ask, ask)
			continue
		case 1:
		default:
			return nil, fmt.Errorf("%s blocks %s: an override is for one cluster\nSay which: --override %s@%s", ask.Code, strings.Join(blocked, " and "), ask.Code, blocked[0])
		}
		lasts := w.Config.Override.Lasting()
		if ask.For > 0 {
			lasts = min(lasts, ask.For)
		}
		out = append(out, gate.Override{Code: ask.Code, Cluster: blocked[0], Plan: v.Plan.Digest, Reason: ask.Reason, By: v.Caller, At: v.At, Expires: v.At.Add(lasts)})
	}
	return out, nil
}

func (a Ask) String() string {
	if a.Cluster == "" {
		return a.Code
	}
	return a.Code + "@" + a.Cluster
}

// blockedBy names the clusters that a code blocks, sorted; empty is the plan as
// a whole.
func blockedBy(v gate.Verdict, code string) []string {
	var out []string
	for _, f := range v.Findings {
		if f.Code == code && f.Decision != gate.Warn && !slices.Contains(out, f.Cluster) {
			out = append(out, f.Cluster)
		}
	}
	slices.Sort(out)
	return out
}

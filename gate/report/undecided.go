package report

import (
	"strings"
	"time"
)

// UndecidedMarkdown is for a comment what Markdown is where there is a verdict:
// that there is none, why, what to do about it, and when that was.
func UndecidedMarkdown(why, fix string, at time.Time) string {
	var b strings.Builder
	b.WriteString("### " + lamp(0) + " holdfast: COULD NOT DECIDE\n\n" + sentence(strings.TrimRight(why, ". ")) + ". Nothing is allowed by that.\n\n")
	if fix != "" {
		b.WriteString("**To pass:** " + sentence(strings.TrimRight(fix, ". ")) + "\n\n")
	}
	b.WriteString("<sub>As of " + sentence(at.UTC().Format("2006-01-02 15:04:05")) + " UTC. Whatever a review says, holdfast decides anew before it applies.</sub>\n")
	return b.String()
}

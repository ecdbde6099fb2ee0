package report

import (
	"fmt"
	"time"
)

// ago is how long before at something happened, as people say it; empty if
// either instant is not known.
func ago(at, t time.Time) string {
	if at.IsZero() || t.IsZero() {
		return ""
	}
	d := at.Sub(t).Round(time.Second)
	if d < 0 {
		// Clocks differ; a later time is shown as such, not as "now".
		return "-" + span(-d)
	}
	return span(d)
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 10*time.Minute && d%time.Minute != 0:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 10*time.Hour && d%time.Hour >= time.Minute:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours())/24)
	}
}

// short is the first part of a digest, enough to tell two apart.
func short(digest string) string {
	const keep = 12
	if len(digest) > keep {
		return digest[:keep]
	}
	return digest
}

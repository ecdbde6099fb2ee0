package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// words is the text of an enum, indexed by its value. The first word is the
// zero value's and always means "not known".
type words []string

func (w words) text(v uint8) string {
	if int(v) < len(w) {
		return w[v]
	}
	return w[0]
}

// parse refuses a word it does not know rather than reading it as zero: a
// record written by a newer version must not be half understood.
func (w words) parse(kind string, b []byte) (uint8, error) {
	i := slices.Index(w, string(b))
	if i < 0 {
		return 0, fmt.Errorf("unknown %s %q", kind, b)
	}
	return uint8(i), nil
}

// Span writes a duration as people say it: "3h", "1m30s", "5 days" from two days
// on.
func Span(d time.Duration) string {
	if d >= 48*time.Hour {
		return Count(int(d/(24*time.Hour)), "day")
	}
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

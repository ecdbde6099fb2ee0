package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/holdfast-gate/holdfast/gate"
)

// Whatever a verdict has in it, its Markdown is made of our own elements only,
// none of them left open, and no text outside of code is more than text.
func TestMarkdownIsOurs(t *testing.T) {
	read := reader(t)
	check := func(what, md string) {
		t.Helper()
		_, prose, elements := reading(read(md))
		onlyThese(t, what, elements, "h3", "h4", "p", "table", "thead", "tbody", "tr", "th", "td", "sub", "ul", "li", "strong", "b", "br", "code", "details", "summary", "a")
		if strings.Count(md, "\n<details>") != strings.Count(md, "\n</details>\n") {
			t.Errorf("%s: got an element that is left open:\n%s", what, md)
		}
		if m := pings.FindString(strings.ReplaceAll(prose, " / ", "")); m != "" {
			t.Errorf("%s: got %q outside of code:\n%s", what, m, md)
		}
	}
	for name, v := range verdicts() {
		check(name, written(t, "markdown", v, placed()))
	}
	for _, s := range nasty() {
		for _, o := range []Options{{Verbose: true}, {Limit: 3000}} {
			o.Place = func(string) (Place, bool) { return Place{s, 1, 1}, true }
			check(fmt.Sprintf("%q", s), written(t, "markdown", hostile(s), o))
		}
	}
}

// crowded is a verdict with more to say than any comment holds.
func crowded(n int) gate.Verdict {
	v := parakeet()
	one := large().Clusters[0]
	f := v.Findings[0]
	for i := range n {
		c := *one
		c.Cluster.Name = fmt.Sprintf("web-%04d", i)
		v.Clusters = append(v.Clusters, &c)
		f.Cluster, f.Message = c.Cluster.Name, strings.Repeat("`|@sre <b> ", i%300)
		v.Findings = append(v.Findings, f)
	}
	return v
}

// Under a limit whole sections are left out, the last first, and what is left
// is as whole as ever, begins with the answer, and says what it lacks.
func TestMarkdownLimit(t *testing.T) {
	read := reader(t)
	for _, v := range []gate.Verdict{parakeet(), crowded(3), crowded(70), hostile(strings.Repeat("x`|", 30_000))} {
		whole := written(t, "markdown", v, Options{})
		before := 0
		for _, limit := range []int{4000, 10_000, 65_536} {
			got := written(t, "markdown", v, Options{Limit: limit, Log: "https://ci.example.com/job/1"})
			if len(got) > limit || !utf8.ValidString(got) {
				t.Errorf("limit %d: got %d bytes", limit, len(got))
			}
			if !strings.HasPrefix(got, "### 🔴 holdfast: BLOCKED\n") || !strings.Contains(got, "<sub>Judged ") {
				t.Errorf("limit %d: got\n%s", limit, got)
			}
			if strings.Count(got, "<details>") != strings.Count(got, "</details>") {
				t.Errorf("limit %d: got a broken section", limit)
			}
			_, prose, _ := reading(read(got))
			if m := pings.FindString(strings.ReplaceAll(prose, " / ", "")); m != "" {
				t.Errorf("limit %d: got %q outside of code", limit, m)
			}
			if told := strings.Contains(got, "Left out, as there is no room for it here"); told != (len(got) < len(whole)) {
				t.Errorf("limit %d: got %d of %d bytes, and said so: %v", limit, len(got), len(whole), told)
			}
			if strings.Contains(got, "Left out") && !strings.Contains(got, "[the log of the job](<https://ci.example.com/job/1>)") {
				t.Errorf("limit %d: got no link to the log", limit)
			}
			if len(got) < before {
				t.Errorf("limit %d: got %d bytes, and %d under a smaller limit", limit, len(got), before)
			}
			before = len(got)
		}
	}
}

// A log that is not an address is no link.
func TestMarkdownLog(t *testing.T) {
	for _, log := range []string{"", "javascript:alert(1)", "https://x> <script>", "https://x\ny"} {
		if got := written(t, "markdown", crowded(50), Options{Limit: 5000, Log: log}); !strings.Contains(got, "It is in the log of the job.") {
			t.Errorf("%q: got\n%s", log, got[len(got)-400:])
		}
	}
}

// Every member is drawn, however many there are.
func TestEveryMemberIsDrawn(t *testing.T) {
	for _, n := range []int{1, 30, 31, 60, 61, 200, 201, 1000} {
		v := parakeet()
		c := v.Clusters[0]
		c.Members = slices.Repeat(c.Members[5:], n)
		c.Roles[0].Buckets = map[string]gate.Bucket{c.Members[0].ID: gate.BucketSurvivor}
		if got := strings.Count(text(t, v, Options{}), "◐"); got != n+1 { // and once in the legend
			t.Errorf("%d members: got %d cells of text", n, got)
		}
		md := written(t, "markdown", v, Options{})
		glance, _, _ := strings.Cut(md, "<sub>")
		if got := strings.Count(glance, "🟡"); got != n && !strings.Contains(glance, fmt.Sprintf("🟡 × %d", n)) {
			t.Errorf("%d members: got %d pictures", n, got)
		}
	}
}

// A member is drawn as what it counts as, and no two kinds alike.
func TestCells(t *testing.T) {
	seen := map[string]gate.Bucket{}
	for b := range gate.BucketOutOfService + 1 {
		c := seat{bucket: b, label: b.String()}.cell()
		for _, drawn := range []string{c.mark, c.picture} {
			if other, ok := seen[drawn]; ok {
				t.Errorf("%s and %s are both drawn as %s", b, other, drawn)
			}
			seen[drawn] = b
		}
	}
	if safe, taken := (seat{bucket: gate.BucketSurvivor, label: "survivor"}).cell(), (seat{bucket: gate.BucketSurvivor, label: "in service, AWS may choose"}).cell(); safe == taken {
		t.Error("who may be taken looks as who may not")
	}
	if got := (seat{bucket: gate.BucketOutOfService + 1}).cell().mark; got != "?" {
		t.Errorf("a kind of a newer version: got %s", got)
	}
}

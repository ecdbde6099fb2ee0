package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	nethtml "golang.org/x/net/html"
)

// nasty are texts that do harm where they are written as they are.
func nasty() []string {
	return []string{
		"", " ", "  two  ", "plain words, and more.", "aws_instance.node[0]", `module.a["x|y"].aws_instance.b["@c"]`,
		"@everyone", "(@team/sre)", "@@a", "owner/repo#1", "#1", "!2", "$3", "~label", "%milestone", "&epic", "GH-12", "JIRA-9", ":tada:",
		"bob@example.com", "www.example.com", "https://example.com/x", "[x](https://example.com)", "![x](https://example.com/p.png)", "<https://example.com>",
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</details>", "<!--", "-->", "&lt;b&gt;", "&#64;a", "<code>", "a<b",
		"`", "``", "```", "````x````", "`a", "a`", "a ``` b", "\\`", "\\", "a\\", "|", "a|b", "\\|", "`|`", "$`x`$", "$$x$$",
		"*bold*", "_it_", "__b__", "~~s~~", "- item", "1. item", "# title", "> quote", "---", "===", "    code", "\tcode", "/close", "/approve", "- [ ] todo", "[^1]", "[^1]: x", "[ref]: https://example.com",
		"a\nb", "a\r\nb", "\n\n# title", "\x1b[2J", "\u202eevil", "\u2066x\u2069", "\u200b", "\x00", "\xff", "\U000e0041", "\u009b31m", "\u00a0", "é", "日本", "🔥",
		"::error::x", "a ::error::x", "##[error]x", "##vso[task.complete]", "##teamcity[x]", "###", "%0A::error::", "section_start:1:x", "{0}", "${{ secrets.X }}", "]]>",
		"i-0\x1b[2J\r\nholdfast: ALLOWED \u202e\u009b31m\x00\xff\U000e0041", "deadbee1", "0123456789abcdef0123456789abcdef01234567",
	}
}

// combined are all of nasty, alone and one inside the other.
func combined() []string {
	out := nasty()
	for _, a := range nasty() {
		for _, b := range nasty() {
			out = append(out, a+b)
		}
	}
	return out
}

// reader makes what reads Markdown as GitHub does. Raw HTML is let through: the
// forges' own filters are not relied on.
func reader(t *testing.T) func(md string) *nethtml.Node {
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(html.WithUnsafe()))
	return func(md string) *nethtml.Node {
		t.Helper()
		var b bytes.Buffer
		if err := markdown.Convert([]byte(md), &b); err != nil {
			t.Fatal(err)
		}
		doc, err := nethtml.Parse(&b)
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
}

// reading is what a page shows: all text, the text outside of code, and the
// elements.
func reading(doc *nethtml.Node) (all, prose string, elements map[string]int) {
	var whole, outside strings.Builder
	elements = map[string]int{}
	var walk func(n *nethtml.Node, code bool)
	walk = func(n *nethtml.Node, code bool) {
		switch n.Type {
		case nethtml.TextNode:
			whole.WriteString(n.Data)
			if !code {
				outside.WriteString(n.Data)
			}
		case nethtml.ElementNode:
			elements[n.Data]++
			code = code || n.Data == "code"
		case nethtml.CommentNode:
			elements["comment"]++
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, code)
		}
	}
	walk(doc, false)
	return whole.String(), outside.String(), elements
}

// pings are what a forge would make something of outside of code.
var pings = regexp.MustCompile("[@#!$~&:*_`|<>\\[\\]\\\\/][0-9A-Za-z]|[0-9A-Za-z]@|www\\.|[0-9a-f]{7,40}|[A-Z]+-[0-9]")

// Whatever a name is, in Markdown it is a code span that shows it, in a
// paragraph and in a table, and nothing else.
func TestNamesStayNamesInMarkdown(t *testing.T) {
	read := reader(t)
	for _, s := range combined() {
		shown := strings.ReplaceAll(clean(s), "|", `\x7c`)
		for _, md := range []string{Code(s), "x " + Code(s) + " y", "| a | b |\n|---|---|\n| " + Code(s) + " | z |\n"} {
			all, prose, elements := reading(read(md))
			if !strings.Contains(all, strings.Trim(shown, " ")) || elements["code"] != 1 || prose != "" && pings.MatchString(prose) {
				t.Fatalf("%q: got %q and %v from %q", s, all, elements, md)
			}
			if n := elements["td"]; n != 0 && n != 2 {
				t.Fatalf("%q: got a table of %d cells from %q", s, n, md)
			}
			onlyThese(t, s, elements, "code", "p", "table", "thead", "tbody", "tr", "th", "td")
		}
	}
}

// A sentence reads as it was, whatever is in it, and does nothing.
func TestSentencesStaySentencesInMarkdown(t *testing.T) {
	read := reader(t)
	for _, s := range combined() {
		want := strings.Join(strings.Fields(strings.ReplaceAll(clean(s), "|", `\x7c`)), " ")
		for _, md := range []string{"x " + Sentence(s) + " y", "| a | b |\n|---|---|\n| x " + Sentence(s) + " y | z |\n", "- x " + Sentence(s) + " y", Sentence(s), "- " + Sentence(s)} {
			all, prose, elements := reading(read(md))
			if !strings.Contains(strings.Join(strings.Fields(all), " "), strings.TrimSpace(want)) || pings.MatchString(prose) {
				t.Fatalf("%q: got %q, outside of code %q, from %q", s, all, prose, md)
			}
			onlyThese(t, s, elements, "code", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li")
		}
	}
}

func onlyThese(t *testing.T, s string, elements map[string]int, allowed ...string) {
	t.Helper()
	for _, name := range append(allowed, "html", "head", "body") {
		delete(elements, name)
	}
	if len(elements) > 0 {
		t.Fatalf("%q: got elements %v", s, elements)
	}
}

// The sentences of findings stay readable: only what is a name is code.
func TestSentence(t *testing.T) {
	for s, want := range map[string]string{
		"search would keep 0 of 3 members serving, it needs 2: 3 are shutting-down and the plan lets AWS end 3 of its own choice": "search would keep 0 of 3 members serving, it needs 2: 3 are shutting-down and the plan lets AWS end 3 of its own choice",
		"desired_capacity of aws_instance.x[0] was changed, from 3 to 6.":                                                         "`desired_capacity` of `aws_instance.x[0]` was changed, from 3 to 6.",
		"wait until nothing moves (--wait 10m), then plan again":                                                                  "wait until nothing moves (`--wait` 10m), then plan again",
		"at 75% of it (i-0abc for 41s): \"no\"":                                                                                   "at 75% of it (`i-0abc` for 41s): \"no\"",
	} {
		if got := Sentence(s); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestHTML(t *testing.T) {
	read := reader(t)
	for _, s := range combined() {
		all, prose, elements := reading(read("<details><summary>" + HTML(s) + " x</summary>\n\ninside\n\n</details>\n"))
		if !strings.Contains(all, clean(s)) || strings.TrimSpace(prose) != "x" && !strings.HasPrefix(strings.TrimSpace(prose), "x") {
			t.Fatalf("%q: got %q", s, all)
		}
		onlyThese(t, s, elements, "details", "summary", "code", "p")
	}
}

// No line of a log is a command to the CI that shows it, however it is wrapped,
// and nothing in a plain text mentions anybody.
func TestPlain(t *testing.T) {
	commands := regexp.MustCompile(`(?m)^\s*::|##|[^ -~\pL\pM\pN\pP\pS\n]`)
	mentions := regexp.MustCompile(`(^|\W)(@\w|[#!]\d)|\]\(`)
	for _, s := range combined() {
		for width := range 3 {
			for _, line := range wrap(clean(s), 20*width) {
				if commands.MatchString(line) {
					t.Fatalf("%q: got %q", s, line)
				}
			}
		}
		if got := Plain(s); mentions.MatchString(got) || commands.MatchString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("%q: got %q", s, got)
		}
	}
	for s, want := range map[string]string{"bob@example.com": "bob@example.com", "by @bob in (#12)": `by \x40bob in (\x2312)`, `a["x"]`: `a["x"]`, "[a](b)": `[a]\x28b)`} {
		if got := Plain(s); got != want {
			t.Errorf("got %s; want %s", got, want)
		}
	}
}

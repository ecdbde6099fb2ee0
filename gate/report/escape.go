package report

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// What a plan, a tag or AWS says is somebody else's text: it may try to draw on
// a terminal, give a command to the CI that shows it, break out of Markdown or
// ping people. All of it passes through one of the functions of this file, and
// only their result is written. What they change they show, as an escape.

// Plain is text for one line of a log or of a field that programs show as it
// is: nothing moves the cursor, starts a line, reorders or hides, nothing is a
// command to a CI, and nothing mentions anybody or hides where a link leads
// where it is rendered after all.
func Plain(s string) string {
	s = clean(s)
	s = mention().ReplaceAllStringFunc(s, func(m string) string {
		i := len(m) - 2
		return m[:i] + shown(m[i]) + m[i+1:]
	})
	return strings.ReplaceAll(s, "](", "]"+shown('('))
}

// mention is what forges make a mention of a person, an issue or a merge
// request of. An address such as bob@example.com mentions nobody.
var mention = lazy.MustCompile(`(^|[^0-9A-Za-z_])(@[0-9A-Za-z_]|[#!][0-9])`)

func shown(b byte) string { return fmt.Sprintf(`\x%02x`, b) }

// Code is a name as a code span of Markdown, which shows every character, links
// nothing and mentions nobody, on every forge, also in a table.
func Code(s string) string {
	s = barred(s)
	if strings.Trim(s, " ") == "" {
		return "``` ```"
	}
	fence := strings.Repeat("`", longest(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}

// barred is clean text without bars: tables are cut at them even in code, and
// not all alike where they are escaped.
func barred(s string) string { return strings.ReplaceAll(clean(s), "|", shown('|')) }

// longest is the length of the longest run of a character.
func longest(s string, c rune) int {
	most, n := 0, 0
	for _, r := range s {
		if n++; r != c {
			n = 0
		}
		most = max(most, n)
	}
	return most
}

// Sentence is a sentence as Markdown of one line: words are words, and whatever
// may be more, such as names, addresses and ids, is a code span.
func Sentence(s string) string {
	var out []string
	for word := range strings.FieldsSeq(clean(s)) {
		before, middle, after := trim(word)
		// A number or a dash at the beginning would begin a list.
		if middle != "" && (!ordinary().MatchString(middle) || len(out) == 0 && before == "" && !unicode.IsLetter(rune(middle[0]))) {
			middle = Code(middle)
		}
		out = append(out, before+middle+after)
	}
	return strings.Join(out, " ")
}

// ordinary is a word, a number, a date or a dash that no forge makes anything
// of: no name of a host, no digest of a commit, no key of a ticket.
var ordinary = lazy.MustCompile(`^(?:[A-Za-z]{1,6}|[0-9]{1,6}%?|[A-Z]?[a-z]+(?:-[a-z]+)*(?:'s)?|[0-9]+-[a-z]+|(?:[0-9]{1,3}[dhms]){1,3}|[0-9]{4}-[0-9]{2}-[0-9]{2}|EC2|ec2|[-=])$`)

// trim takes the punctuation of a sentence off a word.
func trim(word string) (before, middle, after string) {
	middle = strings.TrimLeft(word, `("`)
	before = word[:len(word)-len(middle)]
	whole := middle
	middle = strings.TrimRight(middle, `)",.:;`)
	return before, middle, whole[len(middle):]
}

// HTML is a name as HTML for the few places where Markdown is not read, the
// summary of a section.
func HTML(s string) string { return "<code>" + html.EscapeString(clean(s)) + "</code>" }

// commandData and commandProperty are text in a workflow command of GitHub
// (docs.github.com, "Workflow commands", and the runner's ActionCommand).
var (
	commandData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// clean makes text show as what it is: characters that move the cursor, change
// colour, start a line, reorder what is around them or do not show at all are
// written as escapes. So are the two beginnings of a command to the CI whose
// log it is in: "##" anywhere, of Azure and TeamCity and once of GitHub, and
// "::" at the beginning, of GitHub.
func clean(s string) string {
	command := strings.Contains(s, "##") || strings.Contains(s, "::")
	if !command && !strings.ContainsFunc(s, unsafe) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch _, n := utf8.DecodeRuneInString(s[i:]); {
		case r == utf8.RuneError && n == 1:
			b.WriteString(shown(s[i]))
		case r == '#' && i > 0 && s[i-1] == '#', r == ':' && strings.HasPrefix(s[i:], "::") && (i == 0 || s[i-1] == ' '):
			b.WriteString(shown(byte(r)))
		case !unsafe(r):
			b.WriteRune(r)
		case r < 0x80:
			b.WriteString(shown(byte(r)))
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// unsafe reports whether a character must not reach a terminal as it is. The
// only space that may is the ordinary one.
func unsafe(r rune) bool { return !unicode.IsPrint(r) }

// ascii escapes in JSON what a terminal or a CI would act on and JSON would let
// through. Outside of strings JSON holds no such character.
func ascii(b []byte) []byte {
	var out bytes.Buffer
	last := rune(0)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == '#' && last == '#':
			out.WriteString(`\u0023`)
		case r == '\n' || !unsafe(r):
			out.Write(b[:n])
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
		last, b = r, b[n:]
	}
	return out.Bytes()
}

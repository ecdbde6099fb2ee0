package live_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"

	"github.com/holdfast-gate/holdfast/gate/live"
)

const mib = 1 << 20

// hostile loads and holds what must be true whatever was given: no panic, a
// snapshot or one printable sentence, and no more than so much allocated, of
// which what is held at once is a part.
func hostile(t *testing.T, in io.Reader, most int) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := live.Load(in)
	runtime.ReadMemStats(&after)
	if got := int(after.TotalAlloc - before.TotalAlloc); got > most {
		t.Errorf("got %d MiB allocated, want at most %d", got/mib, most/mib)
	}
	if (s == nil) == (err == nil) {
		t.Fatalf("got snapshot %v and error %v, want one of them", s != nil, err)
	}
	if err != nil && (len(err.Error()) > 400 || strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) })) {
		t.Errorf("got %.500q, want one sentence that shows on any terminal as it is", err)
	}
	return err
}

// in is a snapshot file with this among the members of the snapshot.
func in(members string) string {
	return `{"format_version":"1","snapshot":{"started":"2026-11-22T12:00:00Z","finished":"2026-11-22T12:00:00Z",` + members + `}}`
}

// member is a snapshot of one member with this in it.
func member(more string) string {
	return in(`"members":[{"id":"i-1","region":"us-east-1",` + more + `}]`)
}

// repeated is text with a piece many times in place of its %s, none of which is
// held.
func repeated(text, piece string, times int) io.Reader {
	before, after, _ := strings.Cut(text, "%s")
	return io.MultiReader(strings.NewReader(before), io.LimitReader(&again{text: piece}, int64(len(piece)*times)), strings.NewReader(after))
}

// again is text without end.
type again struct {
	text string
	at   int
}

func (a *again) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		m := copy(p[n:], a.text[a.at:])
		n, a.at = n+m, (a.at+m)%len(a.text)
	}
	return n, nil
}

func TestHostileSnapshots(t *testing.T) {
	const deep = 100_000
	arrays := strings.Repeat("[", deep) + strings.Repeat("]", deep)
	objects := strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep)
	for _, tc := range []struct {
		name string
		in   io.Reader
		most int
		says string
	}{
		{"arrays", strings.NewReader(arrays), 16 * mib, "not a snapshot"},
		{"objects", strings.NewReader(objects), 16 * mib, "not a snapshot"},
		{"arrays for the snapshot", strings.NewReader(`{"format_version":"1","snapshot":` + arrays + `}`), 16 * mib, ""},
		{"objects among its members", strings.NewReader(in(`"x":` + objects)), 16 * mib, `unknown field "x"`},
		{"arrays for members", strings.NewReader(in(`"members":` + arrays)), 16 * mib, ""},
		{"objects for tags", strings.NewReader(member(`"tags":` + objects)), 16 * mib, ""},
		{"arrays for a time", strings.NewReader(member(`"launched":` + arrays)), 16 * mib, ""},
		{"50 MB of id", repeated(member(`"zone":"%s"`), "0123456789", 5_000_000), 1024 * mib, "does not match its digest"},
		{"50 MB of phase", repeated(member(`"phase":"%s"`), "0123456789", 5_000_000), 1024 * mib, "unknown phase"},
		{"50 MB of version", repeated(`{"format_version":"%s"}`, "0123456789", 5_000_000), 1024 * mib, "format version"},
		{"a number of a million digits", repeated(member(`"weight":1%s`), "0", 1_000_000), 32 * mib, "the form of"},
		{"a huge exponent", strings.NewReader(member(`"weight":1e999999999`)), mib, "the form of"},
		{"blanks without end", repeated(`{%s`, "    ", 1<<30), 1024 * mib, "too large"},
		{"a million tiny members", repeated(in(`"members":[%s{}]`), `{},`, 1_000_000), 2048 * mib, "too large"},
		{"a million tiny sources", repeated(in(`"sources":[%s{}]`), `{},`, 1_000_000), 1024 * mib, "too large"},
		{"five million targets", repeated(member(`"targets":[%s""]`), `"",`, 5_000_000), 1024 * mib, "too large"},
		{"a million tags", manyTags(1_000_000), 1024 * mib, "does not match its digest"},
		{"commas in a string", repeated(member(`"zone":"\"%s"`), `,{[`, 5_000_000), 256 * mib, "does not match its digest"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := hostile(t, tc.in, tc.most); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want it refused with %q", err, tc.says)
			}
		})
	}
}

// manyTags is a snapshot of one member with so many tags.
func manyTags(n int) io.Reader {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"tag%d":"v",`, i)
	}
	return strings.NewReader(member(`"tags":{` + b.String() + `"Cluster":"search"}`))
}

// A name that stands twice: one of the two is not what was read.
func TestSnapshotsWithANameTwice(t *testing.T) {
	for name, text := range map[string]string{
		"format version": `{"format_version":"1","format_version":"1","snapshot":{}}`,
		"snapshot":       `{"format_version":"1","snapshot":{"members":[]},"snapshot":{"members":[]}}`,
		"members":        in(`"members":[{"id":"i-1"}],"members":[{"id":"i-2"}]`),
		"sources":        in(`"sources":[],"sources":[]`),
		"digest":         in(`"digest":"a","digest":"b"`),
		"phase":          member(`"phase":"leaving","phase":"steady"`),
		"phase, escaped": member(`"phase":"leaving","ph\u0061se":"steady"`),
		"tag":            member(`"tags":{"Cluster":"a","Cluster":"b"}`),
		"observed":       member(`"observed":[{"raw":"shutting-down","raw":"running"}]`),
		"complete":       in(`"sources":[{"name":"ec2.instances","complete":false,"complete":true}]`),
	} {
		if err := hostile(t, strings.NewReader(text), mib); err == nil || !strings.Contains(err.Error(), "same name twice") {
			t.Errorf("%s: got %v, want it refused because of a name that stands twice", name, err)
		}
	}
	// Names that differ in case are not the same, and only one of them is ours.
	for _, text := range []string{member(`"Phase":"steady"`), `{"Format_Version":"1","snapshot":null}`, `{"format_version":"1","Snapshot":{}}`} {
		if err := hostile(t, strings.NewReader(text), mib); err == nil {
			t.Errorf("%s: got a snapshot, want it refused", text)
		}
	}
}

func TestSnapshotsWithBrokenText(t *testing.T) {
	for name, text := range map[string]string{
		"no UTF-8": "\xff", "half a character": "\xe2\x82", "a lone surrogate": `\ud800`, "two high surrogates": `\ud800\ud800`,
		"NUL": "\x00", "an escape as it is": "\x1b[31m", "a line break as it is": "\n", "an escape nobody knows": `\x41`,
	} {
		for place, file := range map[string]string{
			"id": in(`"members":[{"id":"%s"}]`), "tag": member(`"tags":{"a":"%s"}`), "tag's name": member(`"tags":{"%s":"a"}`), "field": in(`"%s":1`),
			"phase": member(`"phase":"%s"`), "version": `{"format_version":"%s"}`, "time": member(`"launched":"%s"`),
		} {
			if err := hostile(t, strings.NewReader(strings.Replace(file, "%s", text, 1)), mib); err == nil {
				t.Errorf("%s in the %s: got a snapshot, want it refused", name, place)
			}
		}
	}
}

// Names that would draw on a terminal: what a sentence repeats of them it
// repeats escaped (hostile holds that).
func TestSnapshotsThatDraw(t *testing.T) {
	for _, text := range []string{`\u001b[2J`, `\r\nholdfast: ALLOWED`, `\u202e`, `\u200b\ufeff`, `\u0000`, `\u009b31m`, `\udb40\udc41`, `\u2028`} {
		for _, file := range []string{in(`"%s":1`), member(`"phase":"%s"`), member(`"launched":"%s"`), member(`"tags":{"%s":1}`), member(`"weight":"%s"`), `{"format_version":"%s"}`, in(`"digest":"%s"`)} {
			if err := hostile(t, strings.NewReader(strings.Replace(file, "%s", text, 1)), mib); err == nil {
				t.Errorf("%s: got a snapshot, want it refused", file)
			}
		}
	}
}

// Cut anywhere, changed anywhere and with anything around it, a snapshot is
// none.
func TestSnapshotsCutAnywhere(t *testing.T) {
	good := strings.TrimSpace(saved(t))
	for n := range len(good) {
		if err := hostile(t, strings.NewReader(good[:n]), mib); err == nil {
			t.Errorf("cut after %d of %d bytes: got a snapshot, want it refused", n, len(good))
		}
	}
	for _, around := range [][2]string{{"\xef\xbb\xbf", ""}, {"", "\x00"}, {"", "{}"}, {"", "null"}, {"", "}"}, {"[", "]"}, {"\x1b[0m", ""}, {"", "\xef\xbb\xbf"}} {
		if err := hostile(t, strings.NewReader(around[0]+good+around[1]), mib); err == nil {
			t.Errorf("%q: got a snapshot, want it refused", around)
		}
	}
	if err := hostile(t, strings.NewReader(" \r\n\t"+good+"\n\n"), mib); err != nil {
		t.Errorf("blanks: got %v, want the snapshot", err)
	}
	broken := errors.New("pipe broke")
	for _, n := range []int{0, len(good) / 2, len(good)} {
		if err := hostile(t, io.MultiReader(strings.NewReader(good[:n]), iotest.ErrReader(broken)), mib); !errors.Is(err, broken) {
			t.Errorf("a read that failed after %d bytes: got %v, want %v", n, err, broken)
		}
	}
}

package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
)

var update = flag.Bool("update", false, "rewrite the exact outputs in testdata, and the schema")

// golden compares with the exact output in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: want -, got +:\n%s", path, diff)
	}
}

func text(t *testing.T, v gate.Verdict, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, v, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	for name, v := range verdicts() {
		golden(t, name+".txt", []byte(text(t, v, Options{})))
	}
	golden(t, "parakeet_verbose.txt", []byte(text(t, parakeet(), Options{Verbose: true})))
	golden(t, "parakeet_80.txt", []byte(text(t, parakeet(), Options{Width: 80})))
}

// What somebody let through is in every text, however little of it is asked for.
func TestWhatWasLetThroughIsInEveryText(t *testing.T) {
	const bob, ann = `OVERRIDDEN  by arn:aws:sts::123456789012:assumed-role/sre/bob@example.com: survivorfloor.breached on search, until 20:57Z: "the cluster moves to \"queue\" tonight"`,
		`OVERRIDDEN  by arn:aws:sts::123456789012:assumed-role/sre/ann@example.com: survivorfloor.breached on search, until 2018-01-03 20:37Z: "seen it empty"`
	for _, o := range []Options{{}, {Verbose: true}, {Observe: true}} {
		got := text(t, overridden(), o)
		if !strings.Contains(got, bob+"\n") || !strings.Contains(got, ann+"\n") {
			t.Errorf("%+v: got\n%s", o, got)
		}
	}
	if got := text(t, partly(), Options{}); !strings.Contains(got, "OVERRIDDEN  by arn:aws:iam::123456789012:user/ann: drifted.size on search") {
		t.Errorf("got\n%s", got)
	}
}

func TestObserveModeSaysWhatWouldHaveBeen(t *testing.T) {
	for _, tt := range []struct {
		v    gate.Verdict
		want string
	}{
		{allow(), "holdfast: OBSERVE MODE  nothing is refused, and this would have been allowed\nholdfast: ALLOWED"},
		{parakeet(), "holdfast: OBSERVE MODE  nothing is refused, but this would have been blocked\nholdfast: BLOCKED"},
		{gate.Verdict{}, "holdfast: OBSERVE MODE  nothing is refused, but this would have been blocked\nholdfast: BLOCKED"},
	} {
		if got := text(t, tt.v, Options{Observe: true}); !strings.HasPrefix(got, tt.want) {
			t.Errorf("got %q", got)
		}
	}
}

// The first word of the first line is the answer, and agrees with the verdict:
// whatever a verdict lacks, it is not shown as allowed.
func TestTheFirstLineIsTheAnswer(t *testing.T) {
	for d := gate.Undecided; d <= gate.Block+1; d++ {
		for _, v := range verdicts() {
			v.Decision = d
			first, _, _ := strings.Cut(text(t, v, Options{}), "\n")
			if got := strings.HasPrefix(first, "holdfast: ALLOWED"); got != d.Permits() {
				t.Errorf("decision %s: got %q", d, first)
			}
			if got := strings.HasPrefix(first, "holdfast: BLOCKED"); got == d.Permits() {
				t.Errorf("decision %s: got %q", d, first)
			}
		}
	}
}

// Names in a plan, in a tag or from AWS cannot draw on the terminal, begin a
// line of their own, or hide.
func TestHostileNamesStayOnTheirLine(t *testing.T) {
	v := verdicts()["hostile"]
	plain := text(t, hostile("harmless"), Options{Verbose: true})
	for _, o := range []Options{{}, {Verbose: true}, {Width: 60}} {
		got := text(t, v, o)
		if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%+v: got %q at %d", o, got[i:i+1], i)
		}
		for line := range strings.Lines(got) {
			if strings.HasPrefix(line, "holdfast: ALLOWED") {
				t.Errorf("%+v: got a line that a name wrote: %q", o, line)
			}
		}
		if want := strings.Count(plain, "\n"); o.Width == 0 && o.Verbose && strings.Count(got, "\n") != want {
			t.Errorf("got %d lines; want %d, as with harmless names", strings.Count(got, "\n"), want)
		}
	}
	var b bytes.Buffer
	if err := JSON(&b, v, Options{}); err != nil {
		t.Fatal(err)
	}
	if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("JSON: got %q", b.Bytes()[i:i+3])
	}
}

func TestColourIsOnDecisionWordsAndCellsOnly(t *testing.T) {
	for name, v := range verdicts() {
		plain, coloured := text(t, v, Options{}), text(t, v, Options{Color: true})
		bare := coloured
		for _, code := range []string{"\x1b[1;31m", "\x1b[1;32m", "\x1b[1;33m", "\x1b[0m"} {
			bare = strings.ReplaceAll(bare, code, "")
		}
		if bare != plain {
			t.Errorf("%s: colour changes the text:\n%s", name, cmp.Diff(plain, bare))
		}
		if plain == coloured {
			t.Errorf("%s: got no colour", name)
		}
	}
}

// Wrapping breaks lines and loses nothing.
func TestWidth(t *testing.T) {
	for name, v := range verdicts() {
		wide, narrow := text(t, v, Options{}), text(t, v, Options{Width: 60})
		if diff := cmp.Diff(strings.Fields(wide), strings.Fields(narrow)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, o := range []Options{{Width: 80}, {Width: 80, Verbose: true}} {
		for name, v := range verdicts() {
			for line := range strings.Lines(text(t, v, o)) {
				if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > 80 && name != "hostile" {
					t.Errorf("%s: got a line of %d columns: %q", name, n, line)
				}
			}
		}
	}
}

// Every member that moves, is broken or is named is listed, whatever the size.
func TestElision(t *testing.T) {
	got := text(t, large(), Options{})
	for _, m := range large().Clusters[0].Members[:80] {
		if !strings.Contains(got, m.ID) {
			t.Errorf("%s is not listed", m.ID)
		}
	}
	for _, want := range []string{"and 70 more in service", "and 15 more gone"} {
		if !strings.Contains(got, want) {
			t.Errorf("got no %q", want)
		}
	}
	all := text(t, large(), Options{Verbose: true})
	for _, m := range large().Clusters[0].Members {
		if !strings.Contains(all, m.ID) {
			t.Errorf("verbose: %s is not listed", m.ID)
		}
	}
}

func TestJSON(t *testing.T) {
	for name, v := range verdicts() {
		var b bytes.Buffer
		if err := JSON(&b, v, Options{}); err != nil {
			t.Fatal(err)
		}
		if name != "large" {
			golden(t, name+".json", b.Bytes())
		}
		var back document
		if err := json.Unmarshal(b.Bytes(), &back); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name != "hostile" { // what is not UTF-8 cannot come back
			if diff := cmp.Diff(whole(v), back.Verdict); diff != "" {
				t.Errorf("%s: what is read back differs:\n%s", name, diff)
			}
		}
	}
}

type brokenWriter struct{}

var errFull = errors.New("disk full")

func (brokenWriter) Write([]byte) (int, error) { return 0, errFull }

func TestErrorsOfTheWriter(t *testing.T) {
	c := &gate.Check{Name: "x", Doc: "title"}
	for name, err := range map[string]error{
		"text":        Text(brokenWriter{}, parakeet(), Options{}),
		"json":        JSON(brokenWriter{}, parakeet(), Options{}),
		"status":      Status(brokenWriter{}, parakeet().Clusters, nil, Options{}),
		"status json": StatusJSON(brokenWriter{}, parakeet().Clusters, nil),
		"explain":     Explain(brokenWriter{}, c),
		"checks":      Checks(brokenWriter{}, []*gate.Check{c}),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: got %v; want %v", name, err, errFull)
		}
	}
}

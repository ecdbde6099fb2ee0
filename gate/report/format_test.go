package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/holdfast-gate/holdfast/gate"
)

// placed are options of a run that knows where addresses are written.
func placed() Options {
	return Options{Root: Place{"infra/main.tf", 1, 1}, Place: func(address string) (Place, bool) {
		switch address {
		case "aws_autoscaling_group.search":
			return Place{"infra/search.tf", 12, 1}, true
		case "aws_instance.web[0]":
			return Place{"../shared/web.tf", 3, 1}, true
		}
		return Place{}, false
	}}
}

func written(t *testing.T, name string, v gate.Verdict, o Options) string {
	t.Helper()
	f, ok := Find(name)
	if !ok {
		t.Fatalf("there is no format %q", name)
	}
	var b bytes.Buffer
	if err := f.Write(&b, v, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The exact output of every format but text and JSON, which have more of their
// own, on verdicts that differ in what they have to say.
func TestFormats(t *testing.T) {
	endings := map[string]string{"markdown": "md", "sarif": "sarif", "junit": "junit.xml", "github": "github", "gitlab": "codequality.json", "gitlab-terraform": "terraform.json", "atlantis": "atlantis"}
	for _, f := range Formats() {
		if f.Name == "text" || f.Name == "json" {
			continue
		}
		for _, name := range []string{"parakeet", "warn", "overridden", "broken", "attributed"} {
			golden(t, name+"."+endings[f.Name], []byte(written(t, f.Name, verdicts()[name], placed())))
		}
	}
	golden(t, "hostile.md", []byte(written(t, "markdown", hostile("a|b`@sre #1 <b>"), Options{})))
}

// said is what somebody learns from a report who reads only that.
type said struct {
	permits  bool
	blocking []string // codes of what blocks, sorted, each once
}

func sorted(in []string) []string {
	slices.Sort(in)
	return slices.Compact(in)
}

func each(re, text string) []string {
	var out []string
	for _, m := range regexp.MustCompile(re).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return sorted(out)
}

// readers read back what each format says, each from nothing but its text.
func readers(t *testing.T) map[string]func(string) said {
	return map[string]func(string) said{
		"text": func(s string) said {
			var codes []string
			// The code of a block stands in the last line of its paragraph.
			for p := range strings.SplitSeq(s, "\n\n") {
				if strings.Contains(p, "BLOCKED  ") {
					codes = append(codes, each(`(?m)^  code: +(\S+)`, p)...)
				}
			}
			return said{strings.HasPrefix(s, "holdfast: ALLOWED"), sorted(codes)}
		},
		"json": func(s string) said {
			v, err := Open([]byte(s))
			if err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, f := range v.Findings {
				if !f.Decision.Permits() {
					codes = append(codes, f.Code)
				}
			}
			return said{v.Decision.Permits(), sorted(codes)}
		},
		"markdown": func(s string) said {
			return said{strings.Contains(s, "holdfast: ALLOWED"), each("(?m)^- 🔴 \\*\\*BLOCKED\\*\\* `([^`]+)`", s)}
		},
		"sarif": func(s string) said {
			var doc struct {
				Runs []struct {
					Results    []struct{ RuleID, Level string }
					Properties struct{ Decision gate.Decision }
				}
			}
			if err := json.Unmarshal([]byte(s), &doc); err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, r := range doc.Runs[0].Results {
				if r.Level == "error" {
					codes = append(codes, r.RuleID)
				}
			}
			return said{doc.Runs[0].Properties.Decision.Permits(), sorted(codes)}
		},
		"junit": func(s string) said {
			var doc junit
			if err := xml.Unmarshal([]byte(s), &doc); err != nil {
				t.Fatal(err)
			}
			var codes []string
			n, failures, faults := 0, 0, 0
			for _, s := range doc.Suites {
				for _, c := range s.Cases {
					n++
					if c.Failure != nil {
						failures++
						codes = append(codes, c.Failure.Type)
					}
					if c.Error != nil {
						faults++
					}
				}
			}
			if n != doc.Tests || failures != doc.Failures || faults != doc.Errors {
				t.Errorf("junit: got %d, %d and %d cases; the counts are %d, %d and %d", n, failures, faults, doc.Tests, doc.Failures, doc.Errors)
			}
			return said{failures+faults == 0, sorted(codes)}
		},
		"github": func(s string) said {
			codes := each(`(?m)^::error .*title=holdfast%3A (\S+?)(?: on [^:]*)?::`, s)
			return said{len(codes) == 0, codes}
		},
		"gitlab": func(s string) said {
			var doc []struct {
				Check    string `json:"check_name"`
				Severity string
			}
			if err := json.Unmarshal([]byte(s), &doc); err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, e := range doc {
				if e.Severity == "blocker" {
					code, _, _ := strings.Cut(e.Check, " ")
					codes = append(codes, code)
				}
			}
			return said{len(codes) == 0, sorted(codes)}
		},
		"atlantis": func(s string) said {
			return said{!strings.HasPrefix(s, "FAIL"), each(`(?m)^FAIL - (\S+?)(?: on .*)?:?$|^FAIL - (\S+)`, s)}
		},
	}
}

// bare takes off a text the marks of code of Markdown.
var bare = strings.NewReplacer("`", "")

// All formats say the same of every verdict: whether it permits, the codes of
// what blocks, and who did what it is about.
func TestFormatsAgree(t *testing.T) {
	read := readers(t)
	for name, v := range verdicts() {
		if name == "hostile" { // its codes are not codes
			continue
		}
		want := said{permits: v.Decision.Permits()}
		for _, f := range reasons(v) {
			if blocks(f) {
				want.blocking = append(want.blocking, f.Code)
			}
		}
		want.blocking = sorted(want.blocking)
		for _, f := range Formats() {
			if f.Name == "gitlab-terraform" { // has no place for a decision
				continue
			}
			got := read[f.Name](written(t, f.Name, v, placed()))
			expected := want
			if (f.Name == "json" || f.Name == "text") && !slices.ContainsFunc(v.Findings, blocks) {
				expected.blocking = nil // the whole of it is there, or its sentence
			}
			// Who did it is in every format, with the id to look it up by.
			for _, about := range reasons(v) {
				for _, a := range v.About(about) {
					if text := bare.Replace(written(t, f.Name, v, placed())); !strings.Contains(text, a.EventID) || !strings.Contains(text, a.Who) || !strings.Contains(text, a.Event) {
						t.Errorf("%s as %s: got nothing of %s by %s (%s)", name, f.Name, a.Event, a.Who, a.EventID)
					}
				}
			}
			if got.permits != expected.permits || !slices.Equal(got.blocking, expected.blocking) {
				t.Errorf("%s as %s: got %+v; want %+v", name, f.Name, got, expected)
			}
		}
	}
}

// Every format names every cluster that it says anything of.
func TestFormatsNameTheClusters(t *testing.T) {
	for name, v := range verdicts() {
		for _, c := range v.Clusters {
			if c.Decision == gate.Allow || name == "hostile" {
				continue
			}
			for _, f := range Formats() {
				about := slices.ContainsFunc(reasons(v), func(f gate.Finding) bool { return f.Cluster == c.Cluster.Name })
				if f.Name == "gitlab-terraform" || !about && f.Name != "text" && f.Name != "json" && f.Name != "markdown" && f.Name != "sarif" {
					continue
				}
				if !strings.Contains(written(t, f.Name, v, placed()), c.Cluster.Name) {
					t.Errorf("%s as %s: got nothing of %s", name, f.Name, c.Cluster.Name)
				}
			}
		}
	}
}

// Where nothing is refused no format says that something is, and all say what
// would have been.
func TestFormatsObserve(t *testing.T) {
	o := placed()
	o.Observe = true
	read := readers(t)
	for _, name := range []string{"junit", "github", "gitlab", "atlantis"} {
		if got := read[name](written(t, name, parakeet(), o)); !got.permits || len(got.blocking) > 0 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	for _, f := range Formats() {
		if got := written(t, f.Name, parakeet(), o); f.Name != "gitlab-terraform" && !strings.Contains(got, "survivorfloor.breached") {
			t.Errorf("%s: got\n%s", f.Name, got)
		}
	}
}

func TestFormatsReturnTheErrorOfTheWriter(t *testing.T) {
	for _, f := range Formats() {
		if err := f.Write(brokenWriter{}, parakeet(), Options{}); !errors.Is(err, errFull) {
			t.Errorf("%s: got %v; want %v", f.Name, err, errFull)
		}
	}
}

// No format lets a name act on a terminal or on the CI that shows it.
func TestFormatsAreSafeInALog(t *testing.T) {
	command := regexp.MustCompile(`(?m)^\s*::|##`)
	ours := regexp.MustCompile(`(?m)^::(error|warning) (file=[^,:\n]*,line=\d+,col=\d+,)?title=holdfast(%3A [^:\n]*)?::`)
	for _, s := range nasty() {
		v := hostile(s)
		o := Options{Verbose: true, Place: func(string) (Place, bool) { return Place{s, 1, 1}, true }}
		for _, f := range Formats() {
			got := written(t, f.Name, v, o)
			rest := got
			if f.Name == "github" {
				rest = ours.ReplaceAllString(got, "")
			}
			if strings.HasPrefix(f.Name, "markdown") {
				rest = strings.ReplaceAll(rest, "####", "")
				rest = strings.ReplaceAll(rest, "### ", "")
			}
			if command.MatchString(rest) {
				t.Fatalf("%q as %s: got a command in\n%s", s, f.Name, got)
			}
			for _, r := range got {
				if r != '\n' && unsafe(r) {
					t.Fatalf("%q as %s: got %q", s, f.Name, r)
				}
			}
		}
	}
}

func TestSARIFIsValid(t *testing.T) {
	file, err := os.Open("testdata/schema/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	doc, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(text string) error {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(doc)
	}
	for name, v := range verdicts() {
		for _, o := range []Options{{}, placed()} {
			if err := valid(written(t, "sarif", v, o)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, s := range nasty() {
		o := Options{Root: Place{s, 1, 1}}
		if err := valid(written(t, "sarif", hostile(s), o)); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	if valid(strings.Replace(written(t, "sarif", parakeet(), placed()), `"level": "error"`, `"level": "bad"`, 1)) == nil {
		t.Error("the schema refuses nothing")
	}
}

// A finding keeps its fingerprint while it is the same, whatever the numbers,
// members and times; and no two of one verdict have the same.
func TestFingerprints(t *testing.T) {
	v := parakeet()
	before := fingerprints(knownTo(v), v.Findings)
	for i := range v.Findings {
		f := &v.Findings[i]
		f.Message += " for 41s"
		f.Subjects = append(slices.Clone(f.Subjects), "i-new")
	}
	if after := fingerprints(knownTo(v), v.Findings); !slices.Equal(before, after) {
		t.Errorf("got %v; want %v", after, before)
	}
	for name, edit := range map[string]func(*gate.Finding){
		"code":    func(f *gate.Finding) { f.Code = "survivorfloor.other" },
		"cluster": func(f *gate.Finding) { f.Cluster = "queue" },
		"role":    func(f *gate.Finding) { f.Role = "master" },
		"address": func(f *gate.Finding) { f.Subjects = nil },
	} {
		v := parakeet()
		edit(&v.Findings[1])
		if after := fingerprints(knownTo(v), v.Findings); after[1] == before[1] || after[0] != before[0] {
			t.Errorf("another %s: got %v; had %v", name, after, before)
		}
	}
	v = parakeet()
	v.Findings = append(v.Findings, v.Findings...)
	if got := fingerprints(knownTo(v), v.Findings); len(sorted(slices.Clone(got))) != 4 {
		t.Errorf("got %v; want four that differ", got)
	}
}

// The place of a finding is that of its own address, else of what is known of
// its cluster, else the beginning; and a file outside of the repository is no
// place for a program.
func TestPlaces(t *testing.T) {
	o := placed()
	v := parakeet()
	stray := v.Findings[0]
	stray.Subjects = nil
	plan := gate.Finding{Code: "plan.missing"}
	web := large()
	for name, tt := range map[string]struct {
		v    gate.Verdict
		f    gate.Finding
		want string
	}{
		"its own":     {v, v.Findings[0], "infra/search.tf:12:1"},
		"its cluster": {v, stray, "infra/search.tf:12:1"},
		"none":        {v, plan, "infra/main.tf:1:1"},
		"outside":     {web, web.Findings[0], "infra/main.tf:1:1"},
	} {
		if got := o.somewhere(tt.v, knownTo(tt.v), tt.f).String(); got != tt.want {
			t.Errorf("%s: got %s; want %s", name, got, tt.want)
		}
	}
	if got := (Options{}).somewhere(v, knownTo(v), plan); got != (Place{".", 1, 1}) {
		t.Errorf("got %v", got)
	}
	if _, ok := o.at(knownTo(v), stray); ok {
		t.Error("got a place of its own for a finding without an address")
	}
}

// GitHub shows ten of each kind: the last says how many more there are.
func TestAnnotationsAreFew(t *testing.T) {
	for n, want := range map[int]int{9: 9, 10: 10, 11: 10, 500: 10} {
		v := parakeet()
		v.Findings = slices.Repeat(v.Findings[:1], n)
		var b bytes.Buffer
		if err := Annotations(&b, v, Options{}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if len(lines) != want {
			t.Errorf("%d findings: got %d annotations; want %d", n, len(lines), want)
		}
		if last := lines[len(lines)-1]; n > want && !strings.Contains(last, fmt.Sprintf("and %d more findings", n-want+1)) {
			t.Errorf("%d findings: got last %s", n, last)
		}
	}
}

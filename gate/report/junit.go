package report

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// JUnit writes a verdict as the XML that CI systems show as test results: a
// suite for the plan and for each cluster, in it a case for every finding, and
// one for every check that found nothing. What blocks has failed, a check that
// could not judge is an error, and warnings are output of a case that passed.
// The error is that of w.
func JUnit(w io.Writer, v gate.Verdict, o Options) error {
	doc := junit{Name: "holdfast"}
	names := []string{""}
	for _, c := range v.Clusters {
		names = append(names, c.Cluster.Name)
	}
	fs, known := reasons(v), knownTo(v)
	for _, f := range fs {
		if !slices.Contains(names, f.Cluster) {
			names = append(names, f.Cluster)
		}
	}
	for _, name := range names {
		s := suite{Name: "plan"}
		if name != "" {
			s.Name = "cluster " + Plain(name)
		}
		for _, f := range fs {
			if f.Cluster == name {
				s.add(tested(v, known, f, o))
			}
		}
		for _, r := range v.Runs {
			if r.Cluster == name && !slices.ContainsFunc(fs, func(f gate.Finding) bool { return f.Check == r.Check && f.Cluster == r.Cluster }) {
				s.add(ranAs(r, o))
			}
		}
		if s.Tests > 0 {
			doc.Suites = append(doc.Suites, s)
			doc.Tests, doc.Failures, doc.Errors = doc.Tests+s.Tests, doc.Failures+s.Failures, doc.Errors+s.Errors
		}
	}
	b, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(b)+"\n")
	return err
}

// tested is a finding as a test case.
func tested(v gate.Verdict, k known, f gate.Finding, o Options) testcase {
	name := append([]string{f.Code}, k.of(f)...)
	if f.Role != "" {
		name = slices.Insert(name, 1, f.Role)
	}
	c := testcase{Name: Plain(strings.Join(name, " "))}
	text := Plain(message(f))
	if f.Remedy != "" {
		text += "\nTo pass: " + Plain(f.Remedy)
	}
	text += doers(v, f, "\n")
	if p, ok := o.at(k, f); ok {
		text += "\nAt: " + Plain(p.String())
	}
	if o.stops(f) {
		c.Failure = &fault{Message: Plain(f.Message), Type: Plain(f.Code), Text: text}
	} else {
		c.Out = text
	}
	return c
}

// ranAs is a check that found nothing, or could not judge, as a test case.
func ranAs(r gate.Run, o Options) testcase {
	c := testcase{Name: Plain(r.Check)}
	switch why := Plain(r.Outcome.String() + reason(r.Reason)); {
	case r.Outcome == gate.Ran:
	case r.Decision.Permits() || o.Observe:
		c.Out = why
	default:
		// A check that is blind or broken has not passed.
		c.Error = &fault{Message: why, Type: r.Outcome.String()}
	}
	return c
}

func (s *suite) add(c testcase) {
	c.Class = "holdfast." + s.Name
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
	s.Cases = append(s.Cases, c)
}

type junit struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Cases    []testcase `xml:"testcase"`
}

type testcase struct {
	Class   string `xml:"classname,attr"`
	Name    string `xml:"name,attr"`
	Failure *fault `xml:"failure"`
	Error   *fault `xml:"error"`
	Out     string `xml:"system-out,omitempty"`
}

type fault struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// An OpenError is why a document is no verdict to go by.
type OpenError struct {
	Code   string // "bound.edited" or "bound.unreadable", as the code of a finding
	Text   string // one sentence without a full stop
	Remedy string // what to do, as a sentence without a full stop
}

func (e *OpenError) Error() string { return e.Code + ": " + e.Text + "\n" + e.Remedy }

const judgeAgain = "Have the plan judged again: holdfast -o json check PLAN > verdict.json"

func edited(text string) *OpenError { return &OpenError{"bound.edited", text, judgeAgain} }

func unreadable(text string) *OpenError { return &OpenError{"bound.unreadable", text, judgeAgain} }

// seal is the SHA-256, in hexadecimal, of a JSON object without its "seal": its
// keys sorted, without spaces, its numbers as they are written. It protects
// from accidents and from a quick hand. It does not protect from somebody who
// computes it anew: whoever does gains nothing, because apply decides anew
// under the lease, and only takes from a verdict what narrows that.
func seal(object []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	var fields map[string]any
	if err := d.Decode(&fields); err != nil {
		return "", err
	}
	delete(fields, "seal")
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(fields); err != nil {
		return "", err
	}
	sum := sha256.Sum256(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return hex.EncodeToString(sum[:]), nil
}

// Open reads back what JSON wrote. It takes nothing that is not exactly that:
// the error is an *OpenError.
func Open(b []byte) (gate.Verdict, error) {
	var head struct {
		FormatVersion string `json:"format_version"`
		Seal          string `json:"seal"`
		Decision      string `json:"decision"`
	}
	if err := json.Unmarshal(b, &head); err != nil || head.FormatVersion == "" || head.Decision == "" {
		return gate.Verdict{}, unreadable("this is not a verdict, or not the whole of one")
	}
	if major, _, _ := strings.Cut(FormatVersion, "."); !strings.HasPrefix(head.FormatVersion, major+".") {
		// What another version means by a field is not known.
		return gate.Verdict{}, unreadable("the verdict has the format version " + clean(head.FormatVersion) + ", and this holdfast reads " + FormatVersion)
	}
	// A verdict without a seal may have been written by anybody.
	if sealed, err := seal(b); err != nil || sealed != head.Seal {
		return gate.Verdict{}, edited("the verdict is not as holdfast wrote it")
	}
	var doc document
	d := json.NewDecoder(bytes.NewReader(b))
	// A field that nobody reads could be the one that forbids.
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return gate.Verdict{}, unreadable("the verdict has something in it that this holdfast does not know: it is from a newer one, or edited")
	}
	if slices.Contains(doc.Clusters, nil) {
		return gate.Verdict{}, unreadable("the verdict has a cluster without anything in it")
	}
	return doc.Verdict, nil
}

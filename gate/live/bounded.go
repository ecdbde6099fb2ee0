package live

import (
	"errors"
	"fmt"
	"io"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// bounded reads JSON up to a limit on what reading it can take.
type bounded struct {
	r                     io.Reader
	bytes, objects, parts int   // that may still come
	quoted, escaped       bool  // what came last is within a string, and after a backslash
	read                  int64 // bytes so far
	err                   error // of the reader, other than io.EOF
}

var errTooLarge = errors.New("too large")

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.bytes <= 0 || b.objects <= 0 || b.parts <= 0 {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p[:min(len(p), b.bytes)])
	b.bytes -= n
	b.read += int64(n)
	b.count(p[:n])
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// count counts what begins in p, by what must stand before it.
func (b *bounded) count(p []byte) {
	for _, c := range p {
		switch {
		case b.escaped:
			b.escaped = false
		case c == '"':
			b.quoted = !b.quoted
		case b.quoted:
			b.escaped = c == '\\'
		case c == '{':
			b.objects--
		case c == ',' || c == '[':
			b.parts--
		}
	}
}

// explain turns an error of the JSON package into a sentence; version is the
// format version, as far as it was read.
func (b *bounded) explain(err error, version string) error {
	var syntax *jsontext.SyntacticError
	var meaning *jsonv2.SemanticError
	switch {
	case errors.Is(err, errTooLarge):
		return errors.New("the file is too large to be a snapshot: pass what `holdfast snapshot` wrote")
	case b.err != nil:
		return fmt.Errorf("the snapshot cannot be read: %w", b.err)
	case version != FormatVersion:
		return ofVersion(version)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the snapshot ends in the middle (truncated) at byte %d: save it again", b.read)
	case errors.Is(err, jsontext.ErrDuplicateName):
		return errors.New("the snapshot has the same name twice in one object: it was changed after it was saved, save it again")
	case errors.As(err, &syntax):
		return fmt.Errorf("the snapshot is not JSON at byte %d: it was changed after it was saved, save it again", syntax.ByteOffset)
	case errors.As(err, &meaning):
		return fmt.Errorf("the snapshot has something this holdfast does not know (%s): save it again with this version", unknown(meaning))
	}
	return errors.New("the file is not a snapshot: pass what `holdfast snapshot` wrote")
}

// unknown says what it was, as far as that can be shown.
func unknown(err *jsonv2.SemanticError) string {
	const most = 100
	name := fmt.Sprintf("%.*q", most, err.JSONPointer.LastToken())
	if errors.Is(err, jsonv2.ErrUnknownName) {
		return "unknown field " + name
	}
	// A word of ours is quoted already; whatever else the JSON package says is
	// about Go.
	if err.Err != nil && strings.HasPrefix(err.Err.Error(), "unknown ") {
		return fmt.Sprintf("%.*s", most, err.Err.Error())
	}
	return "the form of " + name
}

package tfplan

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// equal compares two attributes as the provider means them, see same. An
// attribute that is not there is null.
func equal(a, b jsontext.Value) (bool, error) {
	if bytes.Equal(a, b) {
		return true, nil
	}
	var x, y any
	err := errors.Join(
		json.Unmarshal(orNull(a), &x, exactNumbers()),
		json.Unmarshal(orNull(b), &y, exactNumbers()),
	)
	return err == nil && same(x, y), err
}

// literal is a number as it was written.
type literal string

// exactNumbers keeps numbers as they were written: as floats, two large ones
// that differ could be taken for the same.
func exactNumbers() json.Options {
	return json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *any) error {
		if dec.PeekKind() != '0' {
			return errors.ErrUnsupported
		}
		n, err := dec.ReadValue()
		*v = literal(n)
		return err
	}))
}

// same compares values. Null, "", [] and {} are the same: the provider writes
// one for the other between two refreshes. False and 0 are not among them.
func same(a, b any) bool {
	x, isMap := a.(map[string]any)
	y, both := b.(map[string]any)
	switch {
	case isMap && both:
		return sameMembers(x, y)
	case empty(a) || empty(b):
		return empty(a) && empty(b)
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case literal:
		b, ok := b.(literal)
		return ok && sameNumber(a, b)
	}
	return a == b // strings and booleans
}

// sameMembers compares two objects; a member that is not there is null.
func sameMembers(a, b map[string]any) bool {
	for k := range a {
		if !same(a[k], b[k]) {
			return false
		}
	}
	for k := range b {
		if _, both := a[k]; !both && !empty(b[k]) {
			return false
		}
	}
	return true
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// sameNumber compares by value: 1 is 1.0. Numbers a float cannot tell apart are
// the same only if they are written alike.
func sameNumber(a, b literal) bool {
	if a == b {
		return true
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	const exact = 1 << 53
	return errX == nil && errY == nil && x == y && math.Abs(x) < exact
}

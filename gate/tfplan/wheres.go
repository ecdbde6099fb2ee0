package tfplan

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-gate/holdfast/gate"
)

// wheres is where entries say that they are. Thousands of them say the same, so
// it is found out once.
type wheres struct {
	places map[string]where // by the type and the raw words
	lost   []string         // types of which one does not say
	buf    []byte
}

type where struct{ region, account string }

// note notes where an entry of a type is. What says so is the attributes that
// regionOf and accountOf look at.
func (w *wheres) note(resourceType string, kept []string, found []jsontext.Value) {
	b := append(append(w.buf[:0], resourceType...), '\n')
	for _, name := range []string{"region", "arn", "target_group_arn", "availability_zone"} {
		value := at(kept, found, name)
		if value.Kind() == '"' && (name == "arn" || name == "target_group_arn") {
			value = beforeResource(value)
		}
		b = append(append(b, value...), '\n')
	}
	w.buf = b
	if _, known := w.places[string(b)]; known {
		return
	}
	attrs := gate.Attrs{}
	for _, name := range []string{"region", "arn", "target_group_arn", "availability_zone"} {
		// A value that cannot be decoded says nothing.
		if v, err := decoded(orNull(at(kept, found, name)), nil); err == nil {
			attrs[name] = v
		}
	}
	c := gate.Change{Before: attrs, After: attrs}
	identify(&c)
	if w.places == nil {
		w.places = map[string]where{}
	}
	w.places[string(b)] = where{c.Region, c.Account}
	if c.Region == "" && !slices.Contains(w.lost, resourceType) {
		w.lost = append(w.lost, resourceType)
	}
}

func at(kept []string, found []jsontext.Value, name string) jsontext.Value {
	if n := slices.Index(kept, name); n >= 0 {
		return found[n]
	}
	return nil
}

// beforeResource is a quoted ARN up to its fifth colon: what follows says
// nothing of where it is.
func beforeResource(arn jsontext.Value) jsontext.Value {
	end := 0
	for range 5 {
		i := bytes.IndexByte(arn[end:], ':')
		if i < 0 {
			return arn
		}
		end += i + 1
	}
	return arn[:end]
}

package tfplan

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-gate/holdfast/gate"
)

// object is the attributes of a resource, not yet decoded.
type object map[string]jsontext.Value

// values is what one entry says about the object before and after.
type values struct {
	before, after         object // nil when there is none
	alike                 bool   // both sides are written alike, and after is before
	unknown               mask
	beforeMask, afterMask mask // what is sensitive
	recent                *recent
}

// tables are the maps that the values of one entry after the other stand in.
type tables [5]object

// table is an empty one of them.
func (t *tables) table(i int) object {
	// A map that was made for a great object is slow to empty.
	if t[i] == nil || len(t[i]) > 1<<10 {
		t[i] = object{}
	}
	clear(t[i])
	return t[i]
}

// values splits the values of an entry, which are good until the next is split.
// Of sides that are written alike only the attributes that are kept are there.
func (d *decoder) values(raw *resourceChange, kept []string) (*values, error) {
	v := &values{recent: d.recent}
	c := &raw.Change
	err := errors.Join(
		v.unknown.parse(c.AfterUnknown, d.tables.table(0), d.names),
		v.beforeMask.parse(c.BeforeSensitive, d.tables.table(1), d.names),
		v.afterMask.parse(c.AfterSensitive, d.tables.table(2), d.names),
	)
	if err != nil {
		return v, err
	}
	if len(c.Before) > 0 && bytes.Equal(c.Before, c.After) {
		v.alike = true
		v.before, err = split(c.Before, d.tables.table(3), kept, d.names)
		v.after = v.before
		return v, err
	}
	var wrong error
	v.before, err = split(c.Before, d.tables.table(3), nil, d.names)
	v.after, wrong = split(c.After, d.tables.table(4), nil, d.names)
	return v, errors.Join(err, wrong)
}

// split puts the members of an object that was read as JSON before into a table:
// those that are kept, all if that is nil. Their values are parts of raw. There is
// no table for null, or for nothing at all.
func split(raw jsontext.Value, into object, kept []string, names interner) (object, error) {
	switch {
	case len(raw) == 0 || raw.Kind() == 'n':
		return nil, nil
	case raw.Kind() != '{':
		return nil, errors.New("no object")
	}
	var wrong error
	eachMember(raw, func(name, value jsontext.Value) {
		if kept != nil {
			if i := index(kept, name); i >= 0 {
				into[kept[i]] = value
			}
			return
		}
		text, err := names.unquoted(name)
		wrong = errors.Join(wrong, err)
		into[text] = value
	})
	return into, wrong
}

// unquoted is the one copy of a quoted string.
func (n interner) unquoted(quoted jsontext.Value) (string, error) {
	text := []byte(quoted[1 : len(quoted)-1])
	if bytes.IndexByte(quoted, '\\') >= 0 {
		var err error
		if text, err = jsontext.AppendUnquote(nil, quoted); err != nil {
			return "", err
		}
	}
	if kept, ok := n[string(text)]; ok {
		return kept, nil
	}
	return n.of(string(text)), nil
}

// index is where a quoted name stands among names, -1 where it does not.
func index(names []string, quoted jsontext.Value) int {
	text := []byte(quoted[1 : len(quoted)-1])
	if bytes.IndexByte(text, '\\') >= 0 {
		var err error
		if text, err = jsontext.AppendUnquote(nil, quoted); err != nil {
			return -1
		}
	}
	for i, name := range names {
		if string(text) == name {
			return i
		}
	}
	return -1
}

func orNull(v jsontext.Value) jsontext.Value {
	if len(v) == 0 {
		return jsontext.Value("null")
	}
	return v
}

// mask marks parts of a value: Terraform writes true in place of each part
// that is unknown or sensitive, and leaves the others out.
type mask struct {
	all   bool
	parts object
}

// parse reads a mask, its parts into a table.
func (m *mask) parse(v jsontext.Value, into object, names interner) (err error) {
	switch {
	case marksNothing(v):
		return nil
	case v.Kind() == '{':
		m.parts, err = split(v, into, nil, names)
		return err
	}
	// Neither nothing nor a list of parts: everything is marked.
	m.all = true
	return nil
}

// marksNothing reports whether a mask surely marks nothing.
func marksNothing(v jsontext.Value) bool {
	if len(v) == 0 || v.Kind() == 'f' || v.Kind() == 'n' {
		return true
	}
	return v.Kind() == '{' && !bytes.Contains(v, []byte("true"))
}

// of is the mask of one attribute, nil when nothing of it is marked.
func (m *mask) of(name string) jsontext.Value {
	if m.all {
		return jsontext.Value("true")
	}
	return m.parts[name]
}

// contains reports whether a mask marks anything.
func contains(m jsontext.Value) bool {
	if string(m) == "true" {
		return true
	}
	if !bytes.Contains(m, []byte("true")) {
		return false
	}
	var v any
	// A mask that cannot be read marks everything.
	return json.Unmarshal(m, &v) != nil || marks(v)
}

func marks(mask any) bool {
	switch mask := mask.(type) {
	case bool:
		return mask
	case []any:
		for _, m := range mask {
			if marks(m) {
				return true
			}
		}
	case map[string]any:
		for _, m := range mask {
			if marks(m) {
				return true
			}
		}
	}
	return false
}

// compare fills in which attributes differ and which of them are not known. An
// object that is made has nothing to differ from: of it, only the kept
// attributes that are not known are named.
func (v *values) compare(c *gate.Change, kept []string) error {
	made, changed := v.before == nil, v.before != nil && v.after != nil
	for name, m := range v.unknown.parts {
		if contains(m) && (!made || slices.Contains(kept, name)) {
			c.Unknown = append(c.Unknown, name)
		}
	}
	if v.unknown.all {
		c.Unknown = append(c.Unknown, kept...)
	}
	c.Changed = append(c.Changed, c.Unknown...)
	if !changed || v.alike {
		return nil
	}
	for name, was := range v.before {
		same, err := equal(was, v.after[name])
		if err != nil {
			return err
		}
		if !same {
			c.Changed = append(c.Changed, name)
		}
	}
	for name, is := range v.after {
		if _, both := v.before[name]; both {
			continue
		}
		same, err := equal(nil, is)
		if err != nil {
			return err
		}
		if !same {
			c.Changed = append(c.Changed, name)
		}
	}
	return nil
}

// keep decodes the kept attributes of both sides. A value that is sensitive on
// either side is dropped on both, as Terraform itself hides it: the same secret
// may stand on the side that does not mark it. What is alike on both sides is
// held once, so the two must never be modified.
func (v *values) keep(kept []string) (before, after gate.Attrs, err error) {
	if v.before != nil {
		before = make(gate.Attrs, len(kept))
	}
	if v.after != nil {
		after = make(gate.Attrs, len(kept))
	}
	alike := len(v.before) > 0 && len(v.after) > 0
	for _, name := range kept {
		was, hadBefore := v.before[name]
		is, hasAfter := v.after[name]
		switch {
		case !hadBefore:
		case v.repeatsTags(name):
			before[name] = before["tags"]
		default:
			if before[name], err = v.decode(name, was); err != nil {
				return nil, nil, err
			}
		}
		same := hadBefore == hasAfter && bytes.Equal(was, is)
		alike = alike && same
		switch {
		case !hasAfter:
		case same:
			after[name] = before[name]
		default:
			if after[name], err = v.decode(name, is); err != nil {
				return nil, nil, err
			}
		}
	}
	if alike {
		after = before
	}
	return before, after, nil
}

// repeatsTags reports whether an attribute is tags_all and holds what tags holds,
// sensitive parts too: it does where the provider has no tags of its own.
func (v *values) repeatsTags(name string) bool {
	return name == "tags_all" && v.before["tags"] != nil && bytes.Equal(v.before["tags"], v.before[name]) &&
		!contains(v.beforeMask.of(name)) && !contains(v.afterMask.of(name))
}

// decode decodes an attribute without its sensitive parts.
func (v *values) decode(name string, raw jsontext.Value) (any, error) {
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, err
	}
	for _, m := range v.masks(name) {
		if !contains(m) {
			continue
		}
		var mask any
		if err := json.Unmarshal(m, &mask); err != nil {
			return nil, err
		}
		out = hide(out, mask)
	}
	return v.recent.shared(out), nil
}

// masks are what hides parts of an attribute. The provider repeats tags in
// tags_all, and Terraform marks a secret among them in the first alone.
func (v *values) masks(name string) []jsontext.Value {
	out := []jsontext.Value{v.beforeMask.of(name), v.afterMask.of(name)}
	if name == "tags_all" {
		out = append(out, v.beforeMask.of("tags"), v.afterMask.of("tags"))
	}
	return out
}

// hide puts null in place of what a mask marks. Where the mask does not have
// the shape of the value, all of the value is hidden. It looks at each part
// once: marks asked at every level would take the square of a value's depth.
func hide(value, mask any) any {
	switch mask := mask.(type) {
	case map[string]any:
		if value, ok := value.(map[string]any); ok {
			for k, m := range mask {
				if _, ok := value[k]; ok {
					value[k] = hide(value[k], m)
				}
			}
			return value
		}
	case []any:
		if value, ok := value.([]any); ok && len(mask) <= len(value) {
			for i, m := range mask {
				value[i] = hide(value[i], m)
			}
			return value
		}
	}
	if marks(mask) {
		return nil
	}
	return value
}

// sensitive names the attributes that have a sensitive part, of the kept ones
// and of tags; the kept ones if the whole object is sensitive. Of all others no
// value is held, and a plan file need not say which of them a provider hides.
func (v *values) sensitive(kept []string) []string {
	var names []string
	for _, m := range []mask{v.beforeMask, v.afterMask} {
		if m.all {
			names = append(names, kept...)
		}
		for name, part := range m.parts {
			if contains(part) && (slices.Contains(kept, name) || strings.HasPrefix(name, "tag")) {
				names = append(names, name)
			}
		}
	}
	return names
}

package planfile

import (
	"maps"
	"slices"
	"strconv"
)

// hidden is which parts of a value are sensitive.
type hidden struct {
	all   bool
	attrs map[string]*hidden
	parts map[int]*hidden // of a list
}

// hide builds it from messages Path.
func hide(paths [][]byte) (*hidden, error) {
	root := &hidden{}
	for _, path := range paths {
		at := root
		err := steps(path, func(s step) error {
			// What is in a set has no place in it: all of the set is hidden.
			if s.kind != text && s.kind != integer {
				at.all = true
			}
			if !at.all {
				at = at.part(s)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		at.all = true
	}
	return root, nil
}

// part returns what is hidden of a part of a value.
func (h *hidden) part(s step) *hidden {
	if s.kind == integer {
		if h.parts == nil {
			h.parts = map[int]*hidden{}
		}
		if h.parts[s.index] == nil {
			h.parts[s.index] = &hidden{}
		}
		return h.parts[s.index]
	}
	if h.attrs == nil {
		h.attrs = map[string]*hidden{}
	}
	if h.attrs[s.name] == nil {
		h.attrs[s.name] = &hidden{}
	}
	return h.attrs[s.name]
}

// mask appends it as terraform show writes it: true in place of each part that
// is hidden.
func (h *hidden) mask(b []byte) ([]byte, error) {
	switch {
	case h.all, len(h.attrs) > 0 && len(h.parts) > 0:
		return append(b, "true"...), nil
	case len(h.parts) > 0:
		last := slices.Max(slices.Collect(maps.Keys(h.parts)))
		// An index no list can have hides all of it.
		if last > 1<<20 || slices.Min(slices.Collect(maps.Keys(h.parts))) < 0 {
			return append(b, "true"...), nil
		}
		b = append(b, '[')
		for i := range last + 1 {
			if i > 0 {
				b = append(b, ',')
			}
			part := h.parts[i]
			if part == nil {
				b = append(b, "false"...)
				continue
			}
			var err error
			if b, err = part.mask(b); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(h.attrs)) {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = quote(b, []byte(name)); err != nil {
			return b, err
		}
		if b, err = h.attrs[name].mask(append(b, ':')); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// step is one step of a path: the name of an attribute, the key of a map, the
// index of a list; of any other kind it is an element of a set.
type step struct {
	kind  kind
	name  string
	index int
}

// steps calls do for each step of a message Path.
func steps(path []byte, do func(step) error) error {
	return fields(path, func(f field) error {
		if f.n != 1 {
			return unseen("path", f.n)
		}
		var s step
		err := fields(f.bytes, func(f field) error {
			switch f.n {
			case 1:
				s = step{kind: text, name: f.text()}
				return nil
			case 2:
				value, err := dynamic(f.bytes)
				if err != nil {
					return err
				}
				s, err = key(value)
				return err
			}
			return unseen("path", f.n)
		})
		if err != nil {
			return err
		}
		return do(s)
	})
}

// key reads the key of an element.
func key(value []byte) (step, error) {
	c := cursor{value}
	t, err := c.next()
	if err == nil && t.kind == array && t.n == 2 { // with its type before it
		if _, err = c.next(); err == nil {
			t, err = c.next()
		}
	}
	return step{kind: t.kind, name: string(t.bytes), index: int(t.int)}, err
}

// path appends a path as terraform show writes it: ["tags","Name"]. Of
// an open version it goes no further than the name of an attribute: show cuts
// it there where the schema hides a part.
func path(b, message []byte, open bool) ([]byte, error) {
	b = append(b, '[')
	first := true
	err := steps(message, func(s step) (err error) {
		if !first {
			if open {
				return unproven("a path in it leads through what may be hidden")
			}
			b = append(b, ',')
		}
		first = false
		switch s.kind {
		case text:
			b, err = quote(b, []byte(s.name))
		case integer:
			b = strconv.AppendInt(b, int64(s.index), 10)
		default:
			err = unproven("a path in it goes through a set")
		}
		return err
	})
	return append(b, ']'), err
}

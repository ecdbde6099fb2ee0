package tfplan

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-gate/holdfast/gate"
)

// room is how many no-ops of the types that are set aside a plan has at most
// for all of them to be among its changes.
const room = 500

// loose is how many bytes of records are held as they are: to deflate those of a
// plan of ten thousand resources takes longer than their room is worth.
const loose = 2 << 20

// aside holds what a plan leaves alone, one record after the other, deflated in
// memory where there are many: of an instance some thirty bytes. It is written
// once, in the order of the plan, and then only read. It is a gate.Aside.
type aside struct {
	types  []string // that are set aside
	room   int      // most records that recall puts among the changes
	kinds  []kind
	known  map[kind]int
	kept   map[string][]string // by type: gate.KeptAttributes
	last   map[string][][]byte // by type: the values of the record before, in the order of kept
	found  []jsontext.Value    // the values of the entry being set aside
	loose  int                 // bytes of records that are not deflated
	plain  packed              // the records, while they take no more than that
	packed packed              // all of them, deflated, once they take more
	pack   *flate.Writer
	buf    []byte
	at     []int32 // place of the first records in resource_changes, while there is room for all
	n      int
	wheres wheres
	places *places
}

// kind is what many records have alike.
type kind struct {
	resourceType, provider, reason string
	indexed                        bool
	sensitive                      string // names, sorted, joined by spaces
}

func newAside() *aside { return &aside{types: asideTypes(), room: room, loose: loose} }

// asideTypes are the types that are set aside: members and what is attached to
// them, of which there are as many as there are members, and what every cluster
// has. Of all others there are only as many as there are stores.
func asideTypes() []string {
	return []string{"aws_instance", "aws_volume_attachment", "aws_ebs_volume", "aws_lb_target_group_attachment", "aws_alb_target_group_attachment",
		"aws_autoscaling_group", "aws_launch_template", "aws_lb_target_group", "aws_alb_target_group"}
}

// What stands in a record in place of a value.
const (
	absent   = iota // the entry did not have it
	repeated        // that of the record before
	asTags          // tags_all that is what tags is
	written         // this many less is its length, and then it follows
)

// set sets an entry aside if it is one that nothing happens to: what stands in
// it is then all said by one side and the names of what is hidden. What it
// cannot hold exactly it does not take.
func (a *aside) set(raw *resourceChange, i int) bool {
	c := &raw.Change
	if !slices.Contains(a.types, raw.Type) || raw.Deposed != "" || (raw.Previous != "" && raw.Previous != raw.Address) || len(c.ReplacePaths) > 0 ||
		c.Before.Kind() != '{' || !bytes.Equal(c.Before, c.After) {
		return false
	}
	if a.kept == nil {
		a.kept, a.known, a.last = map[string][]string{}, map[kind]int{}, map[string][][]byte{}
	}
	kept := a.kept[raw.Type]
	if kept == nil {
		kept = gate.KeptAttributes(raw.Type)
		a.kept[raw.Type], a.last[raw.Type] = kept, make([][]byte, len(kept))
	}
	hidden, ok := hiddenBeside(c.AfterUnknown, c.BeforeSensitive, c.AfterSensitive, kept)
	if !ok {
		return false
	}
	clear(a.found)
	found := slices.Grow(a.found[:0], len(kept))[:len(kept)]
	a.found = found
	eachMember(c.Before, func(name, value jsontext.Value) {
		if n := index(kept, name); n >= 0 {
			found[n] = value
		}
	})
	for _, value := range found {
		if !countable(value) {
			return false
		}
	}
	_, indexed := stripKey(raw.Address)
	a.add(kind{raw.Type, raw.Provider, raw.Reason, indexed || isSet(raw.Index), hidden}, raw.Address, kept, found)
	a.wheres.note(raw.Type, kept, found)
	if a.n <= a.room {
		a.at = append(a.at, int32(i))
	} else {
		a.at = nil
	}
	return true
}

// hiddenBeside names what is sensitive, and reports whether nothing is unknown
// and nothing sensitive among the kept attributes.
func hiddenBeside(unknown, before, after jsontext.Value, kept []string) (string, bool) {
	if marksNothing(unknown) && marksNothing(before) && marksNothing(after) {
		return "", true
	}
	var marked, left, right mask
	for m, raw := range map[*mask]jsontext.Value{&marked: unknown, &left: before, &right: after} {
		if m.parse(raw, object{}, interner{}) != nil || m.all {
			return "", false
		}
	}
	if len(marked.parts) > 0 {
		return "", false
	}
	v := values{beforeMask: left, afterMask: right}
	names := v.sensitive(kept)
	if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(kept, name) || strings.Contains(name, " ") }) {
		return "", false
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " "), true
}

// add writes one record.
func (a *aside) add(k kind, address string, kept []string, found []jsontext.Value) {
	at, known := a.known[k]
	if !known {
		at = len(a.kinds)
		a.kinds, a.known[k] = append(a.kinds, k), at
	}
	last := a.last[k.resourceType]
	tags := slices.Index(kept, "tags")
	b := binary.AppendUvarint(a.buf[:0], uint64(at))
	b = append(binary.AppendUvarint(b, uint64(len(address))), address...)
	for n, value := range found {
		switch {
		case value == nil:
			b = binary.AppendUvarint(b, absent)
			continue
		case last[n] != nil && bytes.Equal(value, last[n]):
			b = binary.AppendUvarint(b, repeated)
			continue
		case kept[n] == "tags_all" && found[tags] != nil && bytes.Equal(value, found[tags]):
			b = binary.AppendUvarint(b, asTags)
		default:
			b = append(binary.AppendUvarint(b, uint64(len(value))+written), value...)
		}
		last[n] = append(last[n][:0], value...)
	}
	a.buf = b
	a.n++
	// Writing to memory does not fail, and the level is one that there is.
	if a.pack == nil && a.plain.size()+len(b) <= a.loose {
		_, _ = a.plain.Write(b)
		return
	}
	if a.pack == nil {
		a.pack, _ = flate.NewWriter(&a.packed, flate.BestSpeed)
		for _, piece := range a.plain {
			_, _ = a.pack.Write(piece)
		}
		a.plain = nil
	}
	_, _ = a.pack.Write(b)
}

// end is called when all is written; what only writing needs is given back.
func (a *aside) end() {
	if a.pack != nil {
		_ = a.pack.Close()
	}
	a.pack, a.known, a.last, a.buf, a.found = nil, nil, nil, nil, nil
}

// each calls f with every record of these types (nil: all), in the order of the
// plan, as the change it was made of, with these attributes (nil: all that are
// kept) and without what only the plan as a whole tells.
func (a *aside) each(types, attributes []string, f func(gate.Change) bool) error {
	if a.n == 0 {
		return nil
	}
	var from io.Reader = &unpacking{from: a.plain}
	if a.packed != nil {
		from = flate.NewReader(&unpacking{from: a.packed})
	}
	in := bufio.NewReader(from)
	records := map[string]*record{}
	recent := newRecent()
	for range a.n {
		at, err := binary.ReadUvarint(in)
		if err != nil {
			return err
		}
		k := a.kinds[at]
		r := records[k.resourceType]
		if r == nil {
			kept := a.kept[k.resourceType]
			r = &record{kept: kept, raw: make([][]byte, len(kept)), values: make([]any, len(kept)), known: make([]bool, len(kept)), has: make([]bool, len(kept))}
			records[k.resourceType] = r
		}
		if err := r.read(in); err != nil {
			return err
		}
		if len(types) > 0 && !slices.Contains(types, k.resourceType) {
			continue
		}
		c, err := k.change(r, attributes, recent)
		if err != nil || !f(c) {
			return err
		}
	}
	return nil
}

// record is a record that was read, and what the next of its type repeats.
type record struct {
	kept    []string
	address []byte
	has     []bool   // the entry had it
	raw     [][]byte // what stands last for each of kept
	values  []any    // that, decoded
	known   []bool   // it is decoded
}

func (r *record) read(in *bufio.Reader) (err error) {
	size, err := binary.ReadUvarint(in)
	if err != nil {
		return err
	}
	r.address = slices.Grow(r.address[:0], int(size))[:size]
	if _, err := io.ReadFull(in, r.address); err != nil {
		return err
	}
	tags := slices.Index(r.kept, "tags")
	for n := range r.kept {
		code, err := binary.ReadUvarint(in)
		if err != nil {
			return err
		}
		r.has[n] = code != absent
		switch code {
		case absent, repeated:
			continue
		case asTags:
			r.raw[n] = append(r.raw[n][:0], r.raw[tags]...)
		default:
			r.raw[n] = slices.Grow(r.raw[n][:0], int(code-written))[:code-written]
			if _, err := io.ReadFull(in, r.raw[n]); err != nil {
				return err
			}
		}
		r.known[n] = false
	}
	return nil
}

// value decodes the n-th value.
func (r *record) value(n int, recent *recent) (any, error) {
	if !r.known[n] {
		v, err := decoded(r.raw[n], recent)
		if err != nil {
			return nil, err
		}
		r.values[n], r.known[n] = v, true
	}
	return r.values[n], nil
}

func decoded(raw jsontext.Value, recent *recent) (any, error) {
	if raw.Kind() == '"' && !bytes.ContainsRune(raw, '\\') {
		return recent.of(string(raw[1 : len(raw)-1])), nil
	}
	var out any
	err := json.Unmarshal(raw, &out)
	return recent.shared(out), err
}

// change makes of a record the change that the entry would have been, with these
// attributes.
func (k kind) change(r *record, attributes []string, recent *recent) (gate.Change, error) {
	address := string(r.address)
	resource, _ := stripKey(address)
	c := gate.Change{Address: address, Resource: resource, Indexed: k.indexed, Type: k.resourceType, Provider: k.provider, Action: gate.NoOp, Reason: k.reason}
	if k.sensitive != "" {
		c.Sensitive = strings.Split(k.sensitive, " ")
	}
	if attributes == nil {
		attributes = r.kept
	}
	c.Before = make(gate.Attrs, len(attributes))
	for n, name := range r.kept {
		if !r.has[n] || !slices.Contains(attributes, name) {
			continue
		}
		v, err := r.value(n, recent)
		if err != nil {
			return c, err
		}
		c.Before[name] = v
	}
	c.After = c.Before
	identify(&c)
	return c, nil
}

// Len implements gate.Aside.
func (a *aside) Len() int { return a.n }

// All implements gate.Aside.
func (a *aside) All(types ...string) iter.Seq[gate.Change] {
	return func(yield func(gate.Change) bool) {
		err := a.each(types, nil, func(c gate.Change) bool {
			a.places.fill(&c)
			return yield(c)
		})
		if err != nil {
			// Decode has read every record; a part of them is never taken for all.
			panic("tfplan: what was set aside cannot be read again: " + err.Error())
		}
	}
}

// packed is bytes that are only added to, in pieces, so that adding copies none
// of them.
type packed [][]byte

const piece = 64 << 10

func (p *packed) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		end := len(*p) - 1
		if end < 0 || len((*p)[end]) == piece {
			*p = append(*p, make([]byte, 0, piece))
			end++
		}
		part := min(len(b), piece-len((*p)[end]))
		(*p)[end] = append((*p)[end], b[:part]...)
		b = b[part:]
	}
	return n, nil
}

// size is how many bytes there are.
func (p packed) size() int {
	if len(p) == 0 {
		return 0
	}
	return (len(p)-1)*piece + len(p[len(p)-1])
}

// unpacking reads packed bytes from their beginning.
type unpacking struct {
	from packed
	off  int
}

func (u *unpacking) Read(b []byte) (int, error) {
	for len(u.from) > 0 && u.off == len(u.from[0]) {
		u.from, u.off = u.from[1:], 0
	}
	if len(u.from) == 0 {
		return 0, io.EOF
	}
	n := copy(b, u.from[0][u.off:])
	u.off += n
	return n, nil
}

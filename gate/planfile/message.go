package planfile

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// The messages below are those of Terraform's plan files, format version 3
// (internal/plans/planproto/planfile.proto): field numbers and their meaning.

// plan is the message Plan.
type plan struct {
	made      string // by which version of Terraform or OpenTofu
	version   version
	timestamp string
	workspace string
	refresh   bool // made with -refresh-only
	complete  bool
	applyable bool
	errored   bool
	variables map[string][]byte // msgpack, by name
	changes   []change
	drift     []change
}

// change is the message ResourceInstanceChange with the Change in it.
type change struct {
	address  string
	previous string
	deposed  string
	provider string // address of its configuration
	reason   uint64
	replace  [][]byte // messages Path
	action   uint64
	values   [][]byte // msgpack
	hidden   [2][][]byte
}

// field is one field of a message.
type field struct {
	n      protowire.Number
	number uint64 // of a varint
	bytes  []byte // of anything with a length
}

func (f field) text() string { return string(f.bytes) }

// fields calls do for each field of a message. A wire type that no field here
// has is not proven.
func fields(b []byte, do func(field) error) error {
	for len(b) > 0 {
		n, kind, used := protowire.ConsumeTag(b)
		if used < 0 {
			return unproven("a message in it is damaged")
		}
		b = b[used:]
		f := field{n: n}
		switch kind {
		case protowire.VarintType:
			f.number, used = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, used = protowire.ConsumeBytes(b)
		default:
			return unproven("a message in it has a field %d of another kind than was seen", n)
		}
		if used < 0 {
			return unproven("a message in it is damaged")
		}
		b = b[used:]
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// unseen is the error about a field that a message was not seen to have: what
// it means for the plan is not known.
func unseen(message string, n protowire.Number) error {
	return unproven("its %s has a field %d that was not seen before", message, n)
}

// parse reads the part tfplan of what a product made.
func parse(raw []byte, product string) (*plan, error) {
	p := &plan{variables: map[string][]byte{}}
	var number uint64
	said := false
	err := fields(raw, func(f field) (err error) {
		switch f.n {
		case 1:
			number = f.number
		case 2:
			err = p.variable(f.bytes)
		case 3:
			p.changes, err = appendChange(p.changes, f.bytes)
		case 18:
			p.drift, err = appendChange(p.drift, f.bytes)
		case 13:
			err = p.backend(f.bytes)
		case 14:
			p.made = f.text()
		case 17:
			p.refresh = f.number == 2
		case 20:
			p.errored = f.number != 0
		case 21:
			p.timestamp = f.text()
		case 25:
			p.applyable, said = f.number != 0, true
		case 26:
			p.complete, said = f.number != 0, true
		case 4, 5, 15, 16, 19, 22, 28:
			// Outputs, targets, relevant attributes, forced replacements, results of
			// checks and of functions, variables of the apply: a plan with targets
			// is not complete, and the rest is not in what package tfplan reads.
		default:
			err = unseen("plan", f.n)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var ok bool
	p.version, ok = read(product + "-" + p.made)
	switch {
	case !ok || number != 3:
		return nil, unproven("plan files of %s %.20q, format %d, were not held against its show", product, p.made, number)
	case p.version.silent && said:
		return nil, unproven("it says more than plan files of %s %s do", product, p.made)
	}
	return p, nil
}

// variable reads an entry of the map of variables.
func (p *plan) variable(b []byte) error {
	var name string
	var value []byte
	err := fields(b, func(f field) (err error) {
		switch f.n {
		case 1:
			name = f.text()
		case 2:
			value, err = dynamic(f.bytes)
		default:
			err = unseen("map of variables", f.n)
		}
		return err
	})
	p.variables[name] = value
	return err
}

func (p *plan) backend(b []byte) error {
	return fields(b, func(f field) error {
		if f.n == 3 {
			p.workspace = f.text()
		}
		return nil
	})
}

// dynamic is the msgpack of a message DynamicValue.
func dynamic(b []byte) (value []byte, err error) {
	err = fields(b, func(f field) error {
		if f.n != 1 {
			return unseen("value", f.n)
		}
		value = f.bytes
		return nil
	})
	if err == nil && len(value) == 0 {
		err = unproven("a value in it is empty")
	}
	return value, err
}

func appendChange(list []change, b []byte) ([]change, error) {
	var c change
	err := fields(b, func(f field) error {
		switch f.n {
		case 7:
			c.deposed = f.text()
		case 8:
			c.provider = f.text()
		case 9:
			return c.change(f.bytes)
		case 10: // private to the provider
		case 11:
			c.replace = append(c.replace, f.bytes)
		case 12:
			c.reason = f.number
		case 13:
			c.address = f.text()
		case 14:
			c.previous = f.text()
		default:
			return unseen("resource change", f.n)
		}
		return nil
	})
	return append(list, c), err
}

func (c *change) change(b []byte) error {
	return fields(b, func(f field) error {
		switch f.n {
		case 1:
			c.action = f.number
		case 2:
			value, err := dynamic(f.bytes)
			c.values = append(c.values, value)
			return err
		case 3, 4:
			c.hidden[f.n-3] = append(c.hidden[f.n-3], f.bytes)
		case 5, 6, 7, 8: // an import, generated configuration, identities
		default:
			return unseen("change", f.n)
		}
		return nil
	})
}

// words are the JSON's words for the action of a change, and which of its values
// are the object before and after, -1 for none.
func (c *change) words() (words string, before, after int, err error) {
	want := 0
	switch c.action {
	case 0:
		words, before, after, want = `["no-op"]`, 0, 0, 1
	case 1:
		words, before, after, want = `["create"]`, -1, 0, 1
	case 2:
		words, before, after, want = `["read"]`, 0, 1, 2
	case 3:
		words, before, after, want = `["update"]`, 0, 1, 2
	case 5:
		words, before, after, want = `["delete"]`, 0, -1, 1
	case 6:
		words, before, after, want = `["delete","create"]`, 0, 1, 2
	case 7:
		words, before, after, want = `["create","delete"]`, 0, 1, 2
	case 8:
		words, before, after, want = `["forget"]`, 0, -1, 1
	case 9:
		words, before, after, want = `["create","forget"]`, 0, 1, 2
	default:
		return "", 0, 0, unproven("it has an action %d that was not seen before", c.action)
	}
	if len(c.values) != want {
		return "", 0, 0, unproven("a change in it has %d values and should have %d", len(c.values), want)
	}
	return words, before, after, nil
}

// reasonWord is the JSON's word for why an action was chosen.
func (c *change) reasonWord() (string, error) {
	words := []string{"", "replace_because_tainted", "replace_by_request", "replace_because_cannot_update", "delete_because_no_resource_config",
		"delete_because_wrong_repetition", "delete_because_count_index", "delete_because_each_key", "delete_because_no_module", "replace_by_triggers",
		"read_because_config_unknown", "read_because_dependency_pending", "delete_because_no_move_target", "read_because_check_nested"}
	if c.reason >= uint64(len(words)) {
		return "", unproven("it has a reason %d that was not seen before", c.reason)
	}
	return words[c.reason], nil
}

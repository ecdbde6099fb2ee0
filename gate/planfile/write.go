package planfile

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// writer writes the JSON, entry by entry.
type writer struct {
	w    io.Writer
	b    []byte
	mask []byte // of the last object
	kept map[string][]string
	err  error
}

func newWriter(w io.Writer) *writer { return &writer{w: w, kept: map[string][]string{}} }

// keeps is gate.KeptAttributes, asked once.
func (o *writer) keeps(kind string) []string {
	kept, asked := o.kept[kind]
	if !asked {
		kept = gate.KeptAttributes(kind)
		o.kept[kind] = kept
	}
	return kept
}

// spill hands on what is written so far, once it is worth a call.
func (o *writer) spill() {
	if len(o.b) > 64<<10 {
		_ = o.flush()
	}
}

func (o *writer) flush() error {
	if o.err == nil {
		_, o.err = o.w.Write(o.b)
	}
	o.b = o.b[:0]
	return o.err
}

func (o *writer) raw(s string) { o.b = append(o.b, s...) }

// member writes the name of a member and a string.
func (o *writer) member(before, name, value string) (err error) {
	o.raw(before + `"` + name + `":`)
	o.b, err = quote(o.b, []byte(value))
	return err
}

func (o *writer) flag(name string, value bool) {
	o.raw(`,"` + name + `":` + strconv.FormatBool(value))
}

// plan writes a plan with what the configuration says of it.
func (o *writer) plan(p *plan, c *configuration) error {
	if err := o.member("{", "format_version", "1.2"); err != nil {
		return err
	}
	if err := o.member(",", "terraform_version", p.made); err != nil {
		return err
	}
	if err := o.member(",", "timestamp", p.timestamp); err != nil {
		return err
	}
	if !p.version.silent {
		o.flag("complete", p.complete)
		o.flag("applyable", p.applyable)
	}
	o.flag("errored", p.errored)
	o.raw(`,"planned_values":{}`)
	places := map[string]string{}
	o.raw(`,"resource_changes":[`)
	if err := o.changes(p.changes, p.version, places); err != nil {
		return err
	}
	o.raw(`],"resource_drift":[`)
	drift := p.drift
	if !p.refresh {
		// Moves without a change are in resource_changes already.
		drift = slices.DeleteFunc(slices.Clone(drift), func(c change) bool { return c.action == 0 })
	}
	if err := o.changes(drift, p.version, places); err != nil {
		return err
	}
	o.raw(`]`)
	if err := o.configuration(p, c, places); err != nil {
		return err
	}
	o.raw("}")
	return nil
}

func (o *writer) changes(list []change, v version, places map[string]string) error {
	first := true
	for i := range list {
		c := &list[i]
		mode, kind, err := place(c.address)
		if err != nil {
			return err
		}
		// Terraform cleans up after data sources; it is not shown.
		if mode == "data" && c.action == 5 {
			continue
		}
		if !first {
			o.raw(",")
		}
		first = false
		if err := o.change(c, v, mode, kind); err != nil {
			return err
		}
		if mode == "managed" && o.keeps(kind) != nil {
			places[gate.Unkeyed(c.address)] = c.provider
		}
		o.spill()
	}
	return o.err
}

func (o *writer) change(c *change, v version, mode, kind string) error {
	words, before, after, err := c.words()
	if err != nil {
		return err
	}
	reason, err := c.reasonWord()
	if err != nil {
		return err
	}
	provider, err := source(c.provider)
	if err != nil {
		return err
	}
	o.raw("{")
	for i, m := range [][2]string{{"address", c.address}, {"previous_address", c.previous}, {"mode", mode}, {"type", kind}, {"provider_name", provider}, {"deposed", c.deposed}, {"action_reason", reason}} {
		if i > 0 && m[1] == "" {
			continue
		}
		comma := ","
		if i == 0 {
			comma = ""
		}
		if err := o.member(comma, m[0], m[1]); err != nil {
			return err
		}
	}
	o.raw(`,"change":{"actions":` + words)
	kept := o.keeps(kind)
	idle := c.action == 0 || c.action == 2
	if idle && (mode == "data" || kept == nil) {
		// Nobody reads what does not change of a type that is not known.
		o.raw("}}")
		return nil
	}
	only := kept
	if c.action != 0 {
		only = nil
	}
	at := len(o.b)
	o.raw(`,"before":`)
	if _, err := o.object(c, before, only); err != nil {
		return err
	}
	left := o.b[at+len(`,"before":`):]
	o.raw(`,"after":`)
	if after == before {
		o.b = append(o.b, left...)
	} else {
		unknown, err := o.object(c, after, nil)
		if err != nil {
			return err
		}
		o.b = append(append(o.b, `,"after_unknown":`...), unknown...)
		if strings.HasPrefix(kind, "aws_s3_bucket_") && bytes.Contains(unknown, []byte(`"bucket":true`)) {
			return unproven("which bucket %.80q is about stands in its configuration only", c.address)
		}
	}
	for i, name := range []string{"before_sensitive", "after_sensitive"} {
		h, err := hide(c.hidden[i])
		if err != nil {
			return err
		}
		o.raw(`,"` + name + `":`)
		if o.b, err = h.mask(o.b); err != nil {
			return err
		}
	}
	if len(c.replace) > 0 {
		o.raw(`,"replace_paths":[`)
		for i, p := range c.replace {
			if i > 0 {
				o.raw(",")
			}
			if o.b, err = path(o.b, p, v.open); err != nil {
				return err
			}
		}
		o.raw("]")
	}
	o.raw("}}")
	return o.err
}

// object writes a value of a change, null for none, and returns the mask of
// which of its attributes are unknown, wholly or in part, which is good until the
// next object. Where only is not nil, the other attributes are left out.
func (o *writer) object(c *change, value int, only []string) (unknownMask []byte, err error) {
	if value < 0 {
		o.raw("null")
		return []byte("{}"), nil
	}
	at := cursor{c.values[value]}
	t, err := at.next()
	switch {
	case err != nil:
		return nil, err
	case t.kind == null:
		o.raw("null")
		return []byte("{}"), at.end()
	case t.kind == unknown:
		o.raw("null")
		return []byte("true"), at.end()
	case t.kind != mapping:
		return nil, unproven("an object in it has another form than was seen")
	}
	unknownMask = append(o.mask[:0], '{')
	o.raw("{")
	empty := len(o.b)
	for range t.n {
		name, err := at.name()
		if err != nil {
			return nil, err
		}
		if only != nil && !slices.Contains(only, string(name)) {
			if err := at.skip(0); err != nil {
				return nil, err
			}
			continue
		}
		before := len(o.b)
		if before > empty {
			o.raw(",")
		}
		if o.b, err = quote(o.b, name); err != nil {
			return nil, err
		}
		left := at.b
		var known bool
		if o.b, known, err = at.value(append(o.b, ':'), 0); err != nil {
			return nil, err
		}
		if known {
			continue
		}
		if isUnknown(left) {
			o.b = o.b[:before]
		}
		if len(unknownMask) > 1 {
			unknownMask = append(unknownMask, ',')
		}
		if unknownMask, err = quote(unknownMask, name); err != nil {
			return nil, err
		}
		unknownMask = append(unknownMask, ":true"...)
	}
	o.raw("}")
	o.mask = append(unknownMask, '}')
	return o.mask, at.end()
}

// end makes sure that nothing follows a value.
func (c *cursor) end() error {
	if len(c.b) > 0 {
		return errDamaged()
	}
	return nil
}

// place reads the mode and the type of a resource from its address.
func place(address string) (mode, kind string, err error) {
	parts := strings.Split(gate.Unkeyed(address), ".")
	for len(parts) > 2 && parts[0] == "module" {
		parts = parts[2:]
	}
	switch {
	case len(parts) == 2:
		return "managed", parts[0], nil
	case len(parts) == 3 && parts[0] == "data":
		return "data", parts[1], nil
	}
	return "", "", unproven("it has an address %.100q of a form that was not seen before", address)
}

// source is the provider of the address of a provider's configuration:
// provider["registry.terraform.io/hashicorp/aws"].west.
func source(address string) (string, error) {
	i := strings.Index(address, `provider["`)
	if i < 0 {
		return "", unproven("it has a provider %.100q of a form that was not seen before", address)
	}
	name, _, ok := strings.Cut(address[i+len(`provider["`):], `"]`)
	if !ok {
		return "", unproven("it has a provider %.100q of a form that was not seen before", address)
	}
	return name, nil
}

package tfplan

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-gate/holdfast/gate"
)

// resourceChange is an entry of resource_changes, resource_drift or
// deferred_changes as Terraform writes it (terraform-json v0.29,
// ResourceChange). Values stay raw until it is known which are kept.
type resourceChange struct {
	Address  string         `json:"address"`
	Previous string         `json:"previous_address"`
	Mode     string         `json:"mode"`
	Type     string         `json:"type"`
	Index    jsontext.Value `json:"index"`
	Provider string         `json:"provider_name"`
	Deposed  string         `json:"deposed"`
	Reason   string         `json:"action_reason"`
	Change   struct {
		Actions         []string       `json:"actions"`
		Before          jsontext.Value `json:"before"`
		After           jsontext.Value `json:"after"`
		AfterUnknown    jsontext.Value `json:"after_unknown"`
		BeforeSensitive jsontext.Value `json:"before_sensitive"`
		AfterSensitive  jsontext.Value `json:"after_sensitive"`
		ReplacePaths    [][]any        `json:"replace_paths"`
	} `json:"change"`
}

// resourceChange reads an entry of resource_changes.
func (d *decoder) resourceChange(i int) error {
	d.plan.Resources++
	raw, err := d.entry("resource_changes", i)
	if err != nil {
		return err
	}
	action := actionOf(raw.Change.Actions)
	idle := action == gate.NoOp || action == gate.Read
	// A data source is only ever read. An entry that says otherwise is kept as
	// if it were a resource: dropping it might drop a delete.
	if idle && (raw.Mode == "data" || d.kept(raw.Type) == nil) {
		return nil
	}
	// Two entries for one object contradict each other; which of them Terraform
	// will follow is not known.
	if !d.seen.add(raw.Address, raw.Deposed) {
		return malformed("resource_changes has %.200q twice", raw.Address)
	}
	if action == gate.NoOp && d.aside.set(raw, i) {
		return nil
	}
	c, err := d.change(raw, action)
	if err != nil {
		return malformed("entry %d of resource_changes, %.200q, holds values of another form than Terraform writes", i, raw.Address)
	}
	d.plan.Changes = append(d.plan.Changes, *c)
	d.places = append(d.places, i)
	return nil
}

// resourceDrift reads an entry of resource_drift. Types the gate does not know
// are left out, and so is what differs only by the noise of the provider.
func (d *decoder) resourceDrift(i int) error {
	raw, err := d.entry("resource_drift", i)
	if err != nil || d.kept(raw.Type) == nil {
		return err
	}
	c, err := d.change(raw, actionOf(raw.Change.Actions))
	if err != nil {
		return malformed("entry %d of resource_drift, %.200q, holds values of another form than Terraform writes", i, raw.Address)
	}
	if len(c.Changed) == 0 && (c.Action == gate.Update || c.Action == gate.NoOp) {
		return nil
	}
	d.plan.Drift = append(d.plan.Drift, *c)
	return nil
}

// deferredChange reads an entry of deferred_changes: something Terraform will
// do in a later plan, nobody knows what.
func (d *decoder) deferredChange(i int) error {
	var raw struct {
		Change resourceChange `json:"resource_change"`
	}
	if err := d.value(&raw); err != nil {
		return err
	}
	return d.deferred("deferred_changes", i, raw.Change.Address)
}

func (d *decoder) deferred(list string, i int, address string) error {
	if address == "" {
		return malformed("entry %d of %s has no address", i, list)
	}
	d.plan.Deferred = append(d.plan.Deferred, address)
	return nil
}

// entry reads an entry and holds no more of it than its names and the raw
// values of its change, until the next entry is read.
func (d *decoder) entry(list string, i int) (*resourceChange, error) {
	raw := &d.raw
	raw.reset()
	if err := d.object(func(name string) error { return d.entryMember(raw, name) }); err != nil {
		return nil, err
	}
	if raw.Address == "" || raw.Type == "" {
		return nil, malformed("entry %d of %s has no address or no type", i, list)
	}
	// Every report repeats them.
	if len(raw.Address) > maxAddress || len(raw.Type) > maxAddress {
		return nil, malformed("entry %d of %s has an address or a type of more than %d KiB, which no Terraform writes", i, list, maxAddress>>10)
	}
	return raw, raw.bounded()
}

func (d *decoder) entryMember(raw *resourceChange, name string) (err error) {
	switch name {
	case "address":
		return d.string(&raw.Address)
	case "previous_address":
		return d.string(&raw.Previous)
	case "mode":
		return d.known(&raw.Mode)
	case "type":
		return d.known(&raw.Type)
	case "provider_name":
		return d.known(&raw.Provider)
	case "deposed":
		return d.string(&raw.Deposed)
	case "action_reason":
		return d.known(&raw.Reason)
	case "index":
		return d.hold(&raw.Index)
	case "change":
		return d.object(func(name string) error { return d.changeMember(raw, name) })
	}
	return d.skip()
}

func (d *decoder) changeMember(raw *resourceChange, name string) error {
	c := &raw.Change
	switch name {
	case "actions":
		return d.value(&c.Actions)
	case "before":
		return d.hold(&c.Before)
	case "after":
		return d.hold(&c.After)
	case "after_unknown":
		return d.hold(&c.AfterUnknown)
	case "before_sensitive":
		return d.hold(&c.BeforeSensitive)
	case "after_sensitive":
		return d.hold(&c.AfterSensitive)
	case "replace_paths":
		return d.value(&c.ReplacePaths)
	}
	return d.skip()
}

// values are all values that an entry holds raw.
func (r *resourceChange) values() [6]*jsontext.Value {
	c := &r.Change
	return [...]*jsontext.Value{&r.Index, &c.Before, &c.After, &c.AfterUnknown, &c.BeforeSensitive, &c.AfterSensitive}
}

// reset forgets an entry and keeps the memory its values took.
func (r *resourceChange) reset() {
	var space [6]jsontext.Value
	for i, v := range r.values() {
		space[i] = (*v)[:0]
	}
	*r = resourceChange{}
	for i, v := range r.values() {
		*v = space[i]
	}
}

// bounded refuses an entry that takes more than one value may.
func (r *resourceChange) bounded() error {
	size, count := 0, 0
	for _, v := range r.values() {
		size += len(*v)
	}
	if size > maxParts {
		for _, v := range r.values() {
			count += parts(*v)
		}
	}
	if size > maxValue || count > maxParts {
		return tooLarge()
	}
	return nil
}

// hold copies the next value to where the last one of its kind was.
func (d *decoder) hold(v *jsontext.Value) error {
	raw, err := d.stream.raw()
	*v = append((*v)[:0], raw...)
	return err
}

// string reads a string into s.
func (d *decoder) string(s *string) error {
	text, err := d.text()
	*s = string(text)
	return err
}

// known reads a string that other entries have too.
func (d *decoder) known(s *string) error {
	text, err := d.text()
	if err != nil {
		return err
	}
	kept, ok := d.names[string(text)]
	if !ok {
		kept = d.names.of(string(text))
	}
	*s = kept
	return nil
}

// change reduces an entry to what the gate needs.
func (d *decoder) change(raw *resourceChange, action gate.Action) (*gate.Change, error) {
	resource, indexed := stripKey(raw.Address)
	c := &gate.Change{
		Address:  raw.Address,
		Deposed:  raw.Deposed,
		Resource: d.names.of(resource),
		Indexed:  indexed || isSet(raw.Index),
		Type:     d.names.of(raw.Type),
		Provider: d.names.of(raw.Provider),
		Action:   action,
		Reason:   d.names.of(raw.Reason),
	}
	if raw.Previous != raw.Address {
		c.Previous = raw.Previous
	}
	if action == gate.ActionUnknown {
		c.RawAction = rawAction(raw.Change.Actions)
	}
	kept := d.kept(raw.Type)
	v, err := d.values(raw, kept)
	if err != nil {
		return nil, err
	}
	if err := v.compare(c, kept); err != nil {
		return nil, err
	}
	c.Changed, c.Unknown = d.sorted(c.Changed), d.sorted(c.Unknown)
	for _, path := range raw.Change.ReplacePaths {
		c.Replaces = append(c.Replaces, v.pathText(path))
	}
	if kept == nil {
		return c, nil
	}
	c.Sensitive = d.sorted(v.sensitive(kept))
	if err := v.fill(c, kept); err != nil {
		return nil, err
	}
	c.Region, c.Account = d.names.of(c.Region), d.names.of(c.Account)
	return c, nil
}

// kept is gate.KeptAttributes, asked once.
func (d *decoder) kept(kind string) []string {
	kept, asked := d.keeps[kind]
	if !asked {
		kept = gate.KeptAttributes(kind)
		d.keeps[kind] = kept
	}
	return kept
}

// fill fills in the kept attributes of a change, and what it says by them of
// what and where it is.
func (v *values) fill(c *gate.Change, kept []string) (err error) {
	if c.Before, c.After, err = v.keep(kept); err != nil {
		return err
	}
	identify(c)
	return nil
}

// identify fills in what a change says by its attributes of what and where it is.
func identify(c *gate.Change) {
	c.ID, c.Region, c.Account = c.Before.String("id"), regionOf(c), accountOf(c)
}

// sorted sorts names and drops repetitions.
func (d *decoder) sorted(names []string) []string {
	slices.Sort(names)
	names = slices.Compact(names)
	for i, n := range names {
		names[i] = d.names.of(n)
	}
	return slices.Clip(names)
}

// actionOf reads the words of an action. Words or an order that are not listed
// are an action that is not known, and that counts as a delete.
func actionOf(words []string) gate.Action {
	switch {
	case len(words) == 1:
		return single(words[0])
	case slices.Equal(words, []string{"delete", "create"}):
		return gate.ReplaceDeleteFirst
	case slices.Equal(words, []string{"create", "delete"}):
		return gate.ReplaceCreateFirst
	case slices.Equal(words, []string{"create", "forget"}):
		return gate.ForgetReplace
	}
	return gate.ActionUnknown
}

func single(word string) gate.Action {
	switch word {
	case "no-op":
		return gate.NoOp
	case "read":
		return gate.Read
	case "create":
		return gate.Create
	case "update":
		return gate.Update
	case "delete":
		return gate.Delete
	case "forget":
		return gate.Forget
	}
	return gate.ActionUnknown
}

// rawAction is the words as the plan has them, quoted and cut: they go to a
// terminal, and who wrote them is not known.
func rawAction(words []string) string {
	const most = 8
	text := fmt.Sprintf("%.32q", words[:min(len(words), most)])
	if len(words) > most {
		text += "..."
	}
	return text
}

// pathText writes a path that forces a replacement, "root_block_device[0].size".
// Of an attribute with a sensitive part only the name is written.
func (v *values) pathText(path []any) string {
	var b strings.Builder
	for i, step := range path {
		switch step := step.(type) {
		case string:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		case float64:
			b.WriteString("[" + strconv.FormatFloat(step, 'f', -1, 64) + "]")
		}
		if name, ok := step.(string); i == 0 && ok && (contains(v.beforeMask.of(name)) || contains(v.afterMask.of(name))) {
			break
		}
	}
	return b.String()
}

// isSet reports whether a member was there and is not null.
func isSet(v jsontext.Value) bool { return len(v) > 0 && !bytes.Equal(v, []byte("null")) }

package tfplan

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-gate/holdfast/gate"
)

// DecodeState reads one state as a stream: what `terraform show -json` says of
// it, or what `terraform state pull` prints, which is the file that a backend
// keeps (version 4). It keeps no more than Decode does. A state of nothing is
// no error; anything that is no state is.
func DecodeState(r io.Reader) (*gate.State, error) {
	sum := sha256.New()
	in := bufio.NewReaderSize(io.TeeReader(r, sum), sniffSize)
	if err := sniff(in); err != nil {
		return nil, noState(err)
	}
	d := &stateDecoder{decoder: newDecoder(in)}
	if err := d.object(d.member); err != nil {
		return nil, noState(err)
	}
	if err := d.end(); err != nil {
		return nil, noState(err)
	}
	if !d.isState || d.isPlan {
		return nil, noState(malformed("it is not what terraform show -json or terraform state pull prints"))
	}
	if err := d.locate(); err != nil {
		return nil, noState(err)
	}
	return &gate.State{Digest: hex.EncodeToString(sum.Sum(nil)), TerraformVersion: d.plan.TerraformVersion,
		Objects: d.plan.Changes, Regions: d.plan.Regions, Accounts: d.plan.Accounts, Outdated: d.outdated}, nil
}

// noState says it of a state. What reads it speaks of plans.
func noState(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	return &Error{Kind: e.Kind, Message: strings.NewReplacer("the plan", "the state", showJSON, "`terraform state pull`").Replace(e.Message), Err: e.Err}
}

// stateDecoder reads states with what reads plans: an object of a state is a
// change that changes nothing.
type stateDecoder struct {
	*decoder
	outdated bool
}

func (d *stateDecoder) member(name string) error {
	switch name {
	case "format_version": // of show -json, whose values are left out for a state of nothing
		d.isState = true
		return d.value(&d.plan.FormatVersion)
	case "terraform_version":
		return d.value(&d.plan.TerraformVersion)
	case "version":
		var version int
		if err := d.value(&version); err != nil {
			return err
		}
		// What another version means by its words is not known.
		if version != 4 {
			return &Error{Kind: KindVersion, Message: fmt.Sprintf("it has version %d, and this holdfast knows 4; write it again with Terraform 0.12 or later", version)}
		}
		d.isState = true
		return nil
	case "values":
		return d.object(d.values)
	case "resources":
		return d.array(d.stored)
	case "resource_changes", "planned_values":
		d.isPlan = true
	}
	return d.skip()
}

// values reads the values that show -json gives.
func (d *stateDecoder) values(name string) error {
	if name == "root_module" {
		return d.object(d.module)
	}
	return d.skip()
}

func (d *stateDecoder) module(name string) error {
	switch name {
	case "resources":
		return d.array(d.shown)
	case "child_modules":
		return d.array(func(int) error { return d.object(d.module) })
	}
	return d.skip()
}

// shown reads one resource as show -json gives it (terraform-json v0.29,
// StateResource).
func (d *stateDecoder) shown(int) error {
	var raw struct {
		Address   string         `json:"address"`
		Mode      string         `json:"mode"`
		Type      string         `json:"type"`
		Index     jsontext.Value `json:"index"`
		Provider  string         `json:"provider_name"`
		Deposed   string         `json:"deposed_key"`
		Values    jsontext.Value `json:"values"`
		Sensitive jsontext.Value `json:"sensitive_values"`
	}
	if err := d.value(&raw); err != nil {
		return err
	}
	c := resourceChange{Address: raw.Address, Mode: raw.Mode, Type: raw.Type, Index: raw.Index, Provider: raw.Provider, Deposed: raw.Deposed}
	c.Change.Before, c.Change.BeforeSensitive = raw.Values, raw.Sensitive
	return d.keep(c)
}

// stored reads one resource with its instances as a state file has it
// (Terraform, internal/states/statefile/version4.go, resourceStateV4).
func (d *stateDecoder) stored(int) error {
	var raw struct {
		Module    string `json:"module"`
		Mode      string `json:"mode"`
		Type      string `json:"type"`
		Name      string `json:"name"`
		Provider  string `json:"provider"`
		Instances []struct {
			Schema     int               `json:"schema_version"`
			Index      jsontext.Value    `json:"index_key"`
			Deposed    string            `json:"deposed"`
			Attributes jsontext.Value    `json:"attributes"`
			Sensitive  [][]sensitivePart `json:"sensitive_attributes"`
		} `json:"instances"`
	}
	if err := d.value(&raw); err != nil {
		return err
	}
	address := raw.Type + "." + raw.Name
	if raw.Module != "" {
		address = raw.Module + "." + address
	}
	for _, i := range raw.Instances {
		c := resourceChange{Address: address, Mode: raw.Mode, Type: raw.Type, Index: i.Index, Provider: raw.Provider, Deposed: i.Deposed}
		if isSet(i.Index) {
			key, err := instanceKey(i.Index)
			if err != nil {
				return err
			}
			c.Address += "[" + key + "]"
		}
		d.outdated = d.outdated || raw.Mode == "managed" && i.Schema < schemaVersion(raw.Type)
		var err error
		if c.Change.BeforeSensitive, err = maskOf(i.Sensitive); err != nil {
			return err
		}
		c.Change.Before = i.Attributes
		if err := d.keep(c); err != nil {
			return err
		}
	}
	return nil
}

// instanceKey is the key of an instance as it stands in an address: a number,
// or a string in the quotes of HCL.
func instanceKey(index jsontext.Value) (string, error) {
	if index.Kind() != '"' {
		return string(index), nil
	}
	key, err := jsontext.AppendUnquote(nil, index)
	if err != nil {
		return "", err
	}
	return quoted(string(key)), nil
}

// quoted is a string in the quotes of HCL. Package hclwrite does it too, but what
// it brings along would be part of every start.
func quoted(s string) string {
	var out strings.Builder
	out.WriteByte('"')
	for i, r := range s {
		switch named := strings.IndexRune("\n\r\t\"\\", r); {
		case named >= 0:
			out.WriteString(`\` + `nrt"\`[named:named+1])
		case r == '$' || r == '%':
			out.WriteRune(r)
			if strings.HasPrefix(s[i+1:], "{") {
				out.WriteRune(r)
			}
		case unicode.IsPrint(r):
			out.WriteRune(r)
		case r <= math.MaxUint16:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\U%08x`, r)
		}
	}
	return out.String() + `"`
}

// schemaVersion is the version of the schema from which on what is kept of a
// resource type means what it means here: that of hashicorp/aws 5.100.0
// (terraform providers schema -json), and 6.x only added to it. What has a lower
// one Terraform has the provider bring up to date before it shows it. A newer
// one nobody could bring back: Terraform shows it as it is.
func schemaVersion(resourceType string) int {
	switch resourceType {
	case "aws_instance", "aws_autoscaling_group", "aws_dynamodb_table", "aws_rds_cluster", "aws_s3_bucket_lifecycle_configuration":
		return 1
	case "aws_db_instance", "aws_elasticache_replication_group":
		return 2
	}
	return 0
}

// sensitivePart is a step of a path in a state file: into an attribute, which it
// names, or into an element of a list or map, whose key is an object of its own
// (Terraform, internal/states/statefile/version4.go, marshalPath).
type sensitivePart struct {
	Value jsontext.Value `json:"value"`
}

// key is the name or the number of the step; nil where it is neither.
func (p sensitivePart) key() any {
	var key any
	if json.Unmarshal(p.Value, &key) != nil {
		return nil
	}
	if element, ok := key.(map[string]any); ok {
		return element["value"]
	}
	return key
}

// maskOf marks what a state file calls sensitive, part by part, as show -json
// does.
func maskOf(paths [][]sensitivePart) (jsontext.Value, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	var mask any
	for _, path := range paths {
		mask = marked(mask, path)
	}
	return json.Marshal(mask, json.Deterministic(true))
}

// maxMarked is the highest number of an element that is marked alone. No list that
// the gate keeps has as many.
const maxMarked = 1000

// marked adds to a mask what a path leads to. Where a step is neither a name nor
// a number, or leads into what is of another form, all is marked that it starts
// from.
func marked(mask any, path []sensitivePart) any {
	if len(path) == 0 || mask == true {
		return true
	}
	switch key := path[0].key().(type) {
	case string:
		if mask == nil {
			mask = map[string]any{}
		}
		if parts, ok := mask.(map[string]any); ok {
			parts[key] = marked(parts[key], path[1:])
			return parts
		}
	case float64:
		if mask == nil {
			mask = []any{}
		}
		if parts, ok := mask.([]any); ok && key >= 0 && key <= maxMarked && key == math.Trunc(key) {
			for len(parts) <= int(key) {
				parts = append(parts, nil)
			}
			parts[int(key)] = marked(parts[int(key)], path[1:])
			return parts
		}
	}
	return true
}

// keep keeps one managed object of a type that the gate knows.
func (d *stateDecoder) keep(raw resourceChange) error {
	if raw.Mode != "managed" || gate.KeptAttributes(raw.Type) == nil {
		return nil
	}
	if raw.Address == "" || len(raw.Address) > maxAddress {
		return malformed("a resource has no address, or one that no Terraform writes")
	}
	if !d.seen.add(raw.Address, raw.Deposed) {
		return malformed("%.200q is in it twice", raw.Address)
	}
	raw.Change.After, raw.Change.AfterSensitive = raw.Change.Before, raw.Change.BeforeSensitive
	if err := raw.bounded(); err != nil {
		return err
	}
	c, err := d.change(&raw, gate.NoOp)
	if err != nil {
		return malformed("%.200q holds values of another form than Terraform writes", raw.Address)
	}
	d.plan.Changes = append(d.plan.Changes, *c)
	return nil
}

package planfile_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/holdfast-gate/holdfast/gate/planfile"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// archive is the parts of a plan file by name.
type archive map[string][]byte

func load(tb testing.TB) archive {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "creates.tfplan"))
	if err != nil {
		tb.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		tb.Fatal(err)
	}
	out := archive{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			tb.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

func (a archive) file(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, raw := range a {
		w, err := z.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write(raw); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// edit returns a message in which do has had every field of the path, "3.9":
// the number of a field, and of one in it. It returns what stands in place of
// the field; nil leaves it out.
func edit(tb testing.TB, message []byte, path []protowire.Number, do func(field []byte) []byte) []byte {
	tb.Helper()
	var out []byte
	for len(message) > 0 {
		n, kind, used := protowire.ConsumeTag(message)
		size := protowire.ConsumeFieldValue(n, kind, message[used:])
		if used < 0 || size < 0 {
			tb.Fatal("the message is damaged")
		}
		field := message[:used+size]
		message = message[used+size:]
		switch {
		case n != path[0]:
			out = append(out, field...)
		case len(path) == 1:
			out = append(out, do(field)...)
		default:
			inner, _ := protowire.ConsumeBytes(field[used:])
			out = protowire.AppendBytes(protowire.AppendTag(out, n, protowire.BytesType), edit(tb, inner, path[1:], do))
		}
	}
	return out
}

// locks is the part that says who made the archive.
const locks = ".terraform.lock.hcl"

func header(product string) []byte {
	return []byte("# This file is maintained automatically by \"" + product + " init\".\n")
}

func extra(n protowire.Number) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), 1)
}

// What was not seen before is terraform's to read, never ours to guess at.
func TestUnproven(t *testing.T) {
	plan := func(do func(raw []byte) []byte) func(archive) {
		return func(a archive) { a["tfplan"] = do(a["tfplan"]) }
	}
	with := func(field []byte, path ...protowire.Number) func(archive) {
		return plan(func(raw []byte) []byte {
			return edit(t, raw, path, func(old []byte) []byte { return append(field, old...) })
		})
	}
	without := func(path ...protowire.Number) func(archive) {
		return plan(func(raw []byte) []byte {
			return edit(t, raw, path, func([]byte) []byte { return nil })
		})
	}
	instead := func(text string, path ...protowire.Number) func(archive) {
		return plan(func(raw []byte) []byte {
			return edit(t, raw, path, func([]byte) []byte {
				return protowire.AppendString(protowire.AppendTag(nil, path[len(path)-1], protowire.BytesType), text)
			})
		})
	}
	by := func(product string) func(archive) { return func(a archive) { a[locks] = header(product) } }
	both := func(one, other func(archive)) func(archive) { return func(a archive) { one(a); other(a) } }
	for name, do := range map[string]func(archive){
		"another version of terraform":      instead("1.11.5", 14),
		"no version":                        without(14),
		"another format":                    with(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 4), 14),
		"a new field of the plan":           plan(func(raw []byte) []byte { return append(raw, extra(99)...) }),
		"a state store of a provider":       plan(func(raw []byte) []byte { return append(raw, 0xea, 0x01, 0) }), // field 29
		"an action that is to be invoked":   plan(func(raw []byte) []byte { return append(raw, 0xf2, 0x01, 0) }), // field 30
		"an action that is deferred":        plan(func(raw []byte) []byte { return append(raw, 0xfa, 0x01, 0) }), // field 31
		"actions alone":                     plan(func(raw []byte) []byte { return append(raw, 0x82, 0x02, 0) }), // field 32, of plan -invoke
		"a deferred change":                 plan(func(raw []byte) []byte { return append(raw, 0xda, 0x01, 0) }), // field 27
		"a new field of a resource change":  with(extra(15), 3, 13),
		"a new field of a change":           with(extra(9), 3, 9, 1),
		"a new field of a value":            with(extra(2), 3, 9, 2, 1),
		"an action that nobody knows":       with(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 77), 3, 9, 2),
		"a reason that nobody knows":        with(protowire.AppendVarint(protowire.AppendTag(nil, 12, protowire.VarintType), 77), 3, 13),
		"a change without its value":        without(3, 9, 2),
		"an address of another form":        instead("ephemeral.aws_secret.x.y.z", 3, 13),
		"a provider of another form":        instead("aws", 3, 8),
		"a provider block in a module":      instead(`module.a.provider["registry.terraform.io/hashicorp/aws"]`, 3, 8),
		"a value that is cut":               plan(func(raw []byte) []byte { return raw[:len(raw)-1] }),
		"no plan in the archive":            func(a archive) { delete(a, "tfplan") },
		"a file that only OpenTofu reads":   func(a archive) { a["tfconfig/m-/main.tofu"] = nil },
		"the same in JSON":                  func(a archive) { a["tfconfig/m-/more.tofu.json"] = nil },
		"made by nobody":                    func(a archive) { delete(a, locks) },
		"made by somebody else":             by("fork"),
		"Terraform, with OpenTofu's number": instead("1.12.6", 14),
		"OpenTofu, with Terraform's number": by("tofu"),
		"OpenTofu that says it is complete": both(by("tofu"), instead("1.12.6", 14)),
		"overrides in the configuration":    func(a archive) { a["tfconfig/m-/override.tf"] = nil },
		"a configuration that is no HCL":    func(a archive) { a["tfconfig/m-/main.tf"] = []byte("provider {{{") },
		"a configuration that is no JSON":   func(a archive) { a["tfconfig/m-/more.tf.json"] = []byte("{") },
		"a block that cannot be understood": func(a archive) { a["tfconfig/m-/more.tf"] = []byte("provider {}") },
	} {
		t.Run(name, func(t *testing.T) {
			a := load(t)
			do(a)
			raw := a.file(t)
			var why *planfile.Unproven
			if _, err := planfile.JSON(bytes.NewReader(raw), int64(len(raw)), io.Discard); !errors.As(err, &why) || why.Why == "" {
				t.Errorf("got %v, want it left to terraform", err)
			}
		})
	}
	a := load(t)
	raw := a.file(t)
	if _, err := planfile.JSON(bytes.NewReader(raw), int64(len(raw)), io.Discard); err != nil {
		t.Errorf("the same archive, unchanged: %v", err)
	}
	for n := range raw {
		if n%7 == 0 {
			if _, err := planfile.JSON(bytes.NewReader(raw[:n]), int64(n), io.Discard); err == nil {
				t.Fatalf("the first %d of %d bytes: read", n, len(raw))
			}
		}
	}
}

// An open version does not say what a schema hides: no path may lead into it.
func TestPathsOfOpenVersions(t *testing.T) {
	step := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "tags"))
	seen := map[bool]bool{}
	for _, name := range planfile.Recorded() {
		open := !hidesPassword(t, name)
		seen[open] = true
		product, number, _ := strings.Cut(name, "-")
		for steps, refused := range map[int]bool{1: false, 2: open} {
			a := load(t)
			a[locks] = header(product)
			field := protowire.AppendBytes(protowire.AppendTag(nil, 11, protowire.BytesType), bytes.Repeat(step, steps))
			a["tfplan"] = edit(t, a["tfplan"], []protowire.Number{3, 13}, func(old []byte) []byte { return append(field, old...) })
			a["tfplan"] = edit(t, a["tfplan"], []protowire.Number{14}, func([]byte) []byte {
				return protowire.AppendString(protowire.AppendTag(nil, 14, protowire.BytesType), number)
			})
			for _, flag := range []protowire.Number{25, 26} {
				a["tfplan"] = edit(t, a["tfplan"], []protowire.Number{flag}, func([]byte) []byte { return nil })
			}
			raw := a.file(t)
			if _, err := planfile.JSON(bytes.NewReader(raw), int64(len(raw)), io.Discard); refused != (err != nil) {
				t.Errorf("%s, a path of %d steps: got %v, want refused %t", name, steps, err, refused)
			}
		}
	}
	if !seen[true] || !seen[false] {
		t.Errorf("got versions that are open or not: %v, want both", seen)
	}
}

// hidesPassword reports whether plan files of a version say by themselves that
// the password of a database is sensitive, which stands in the schema alone.
func hidesPassword(t *testing.T, version string) bool {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", version, "secrets.tfplan"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := planfile.JSON(bytes.NewReader(raw), int64(len(raw)), &b); err != nil {
		t.Fatal(err)
	}
	var plan struct {
		Changes []struct {
			Type   string
			Change struct {
				Hidden map[string]any `json:"after_sensitive"`
			}
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(b.Bytes(), &plan); err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Changes {
		if c.Type == "aws_db_instance" {
			return c.Change.Hidden["password"] == true
		}
	}
	t.Fatalf("%s: the plan has no database", version)
	return false
}

// The region of a provider block is what terraform show says it is: a constant,
// or the value of a variable that is not sensitive.
func TestRegionOfTheProviderBlock(t *testing.T) {
	const blocks = `
		variable "plain" { default = "eu-north-1" }
		variable "hidden" {
		  default   = "eu-north-1"
		  sensitive = true
		}
		variable "maybe" {
		  default   = "eu-north-1"
		  sensitive = var.plain == "x"
		}
		locals { region = "eu-north-1" }
		provider "aws" {
		  alias  = "us"
		  region = "us-east-1"
		}
		`
	for region, want := range map[string]string{
		`region = "ap-south-1"`:                      "ap-south-1",
		`region = "ap-${"south"}-1"`:                 "ap-south-1",
		`region = var.plain`:                         "eu-north-1",
		`region = "${var.plain}"`:                    "eu-north-1",
		`region = var.hidden`:                        "",
		`region = var.maybe`:                         "",
		`region = local.region`:                      "",
		`region = var.plain == "" ? var.hidden : ""`: "",
		``: "",
	} {
		a := load(t)
		a["tfconfig/m-/main.tf"] = []byte(blocks + "provider \"aws\" {\n" + region + "\n}\n")
		raw := a.file(t)
		var b bytes.Buffer
		if _, err := planfile.JSON(bytes.NewReader(raw), int64(len(raw)), &b); err != nil {
			t.Errorf("%s: %v", region, err)
			continue
		}
		plan, err := tfplan.Decode(&b)
		if err != nil {
			t.Errorf("%s: %v", region, err)
			continue
		}
		for _, c := range plan.Changes {
			if c.Address == "aws_instance.a[0]" && c.Region != want {
				t.Errorf("%s: got %q, want %q", region, c.Region, want)
			}
			if c.Type == "aws_launch_template" && c.Region != "us-east-1" {
				t.Errorf("%s: the block with an alias: got %q, want us-east-1", region, c.Region)
			}
		}
	}
}

// A secret that the plan marks reaches nobody.
func TestSecretsAreDropped(t *testing.T) {
	raw := load(t).file(t)
	var b bytes.Buffer
	if _, err := planfile.JSON(bytes.NewReader(raw), int64(len(raw)), &b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b.Bytes(), []byte("canary-secret")) {
		t.Fatal("the plan file has no secret in it: the test proves nothing")
	}
	plan, err := tfplan.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Changes {
		for _, side := range []map[string]any{c.Before, c.After} {
			for name, v := range side {
				if s, _ := v.(string); s == "canary-secret" {
					t.Errorf("%s: %s holds the secret", c.Address, name)
				}
			}
			if c.Type == "aws_instance" && c.After.Tags()["Secret"] != "" {
				t.Errorf("%s: its tag holds the secret", c.Address)
			}
		}
	}
}

// FuzzJSON: whatever stands in the part tfplan, nothing breaks, and what is
// written is a plan or is refused by the decoder.
func FuzzJSON(f *testing.F) {
	a := load(f)
	f.Add(a["tfplan"])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, message []byte) {
		changed := archive{"tfplan": message, locks: a[locks], "tfconfig/m-/main.tf": a["tfconfig/m-/main.tf"]}
		raw := changed.file(t)
		var b bytes.Buffer
		_, err := planfile.JSON(bytes.NewReader(raw), int64(len(raw)), &b)
		var why *planfile.Unproven
		if err != nil {
			if !errors.As(err, &why) {
				t.Fatalf("got %v, want an Unproven", err)
			}
			return
		}
		if _, err := tfplan.Decode(&b); err != nil {
			var refused *tfplan.Error
			if !errors.As(err, &refused) {
				t.Fatal(err)
			}
			if refused.Kind == tfplan.KindTruncated || b.Len() == 0 {
				t.Fatalf("half a plan was written: %v", err)
			}
		}
	})
}

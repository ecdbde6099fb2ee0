package tfplan

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
)

var update = flag.Bool("update", false, "write the golden summaries")

// TestPlans decodes the plans that Terraform 1.11.4 and hashicorp/aws 6.47 made
// (testdata/plans/README.md) and compares a summary of each.
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/plans/*.json")
	if err != nil || len(files) < 21 {
		t.Fatalf("got %d plans, want all 21 (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got := summary(decodeFile(t, file))
			golden := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

func decodeFile(t *testing.T, file string) *gate.Plan {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := Decode(f)
	if err != nil {
		t.Fatalf("%s: got %v, want a plan", file, err)
	}
	return p
}

// summary is a plan in text: a header, then a line for each change.
func summary(p *gate.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "format %s, terraform %s, at %s\n", p.FormatVersion, p.TerraformVersion, p.CreatedAt.Format(time.RFC3339))
	fmt.Fprintf(&b, "complete %s, applyable %s, errored %t, deferred %v\n", p.Complete, p.Applyable, p.Errored, p.Deferred)
	fmt.Fprintf(&b, "%d resources, regions %v, accounts %v\n", p.Resources, p.Regions, p.Accounts)
	for _, c := range p.Changes {
		line(&b, "change", c)
	}
	for _, c := range p.Drift {
		line(&b, "drift", c)
	}
	for _, a := range p.Actions {
		fmt.Fprintf(&b, "action %s (%s) by %s on %v\n", a.Address, a.Type, a.Trigger, a.Members)
	}
	return b.String()
}

func line(b *strings.Builder, kind string, c gate.Change) {
	fmt.Fprintf(b, "%s %s: %s", kind, c.Address, c.Action)
	for _, f := range []struct {
		name string
		v    any
	}{
		{"deposed", c.Deposed}, {"was", c.Previous}, {"reason", c.Reason}, {"id", c.ID}, {"region", c.Region}, {"account", c.Account},
		{"changed", strings.Join(c.Changed, " ")}, {"unknown", strings.Join(c.Unknown, " ")},
		{"sensitive", strings.Join(c.Sensitive, " ")}, {"replaces", strings.Join(c.Replaces, " ")},
	} {
		if f.v != "" {
			fmt.Fprintf(b, "\n\t%s: %s", f.name, f.v)
		}
	}
	for _, name := range []string{"instance_state", "instance_type", "min_size", "max_size", "desired_capacity"} {
		was, is := c.Before[name], c.After[name]
		if was != nil || is != nil {
			fmt.Fprintf(b, "\n\t%s: %v -> %v", name, was, is)
		}
	}
	b.WriteByte('\n')
}

package planfile_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	goversion "github.com/hashicorp/go-version"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/planfile"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// TestBothWays holds plan files against what terraform show printed of them, in
// every version that e2e/pairs was run with.
func TestBothWays(t *testing.T) {
	for _, file := range pairs(t) {
		name, err := filepath.Rel("testdata", file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(name, ".tfplan"), func(t *testing.T) {
			shown, err := os.ReadFile(strings.TrimSuffix(file, ".tfplan") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			want, err := tfplan.Decode(bytes.NewReader(shown))
			if err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			maker, err := planfile.Maker(bytes.NewReader(raw), int64(len(raw)))
			if want := strings.HasPrefix(name, "tofu-"); err != nil || (maker == "OpenTofu") != want || (maker == "Terraform") == want {
				t.Errorf("it was made by %q (%v)", maker, err)
			}
			var b bytes.Buffer
			_, err = planfile.JSON(bytes.NewReader(raw), int64(len(raw)), &b)
			if strings.HasSuffix(name, "actions.tfplan") {
				var why *planfile.Unproven
				if !errors.As(err, &why) || len(want.Actions) == 0 {
					t.Errorf("got %v of a plan with %d actions, want it left to terraform", err, len(want.Actions))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := tfplan.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := json.Marshal(got); err != nil || bytes.Contains(text, []byte("canary")) {
				t.Errorf("a secret is in the plan (%v): %s", err, text)
			}
			byAddress(want)
			byAddress(got)
			forgiveRegions(want, got)
			if !bytes.Contains(shown, []byte(`"errored"`)) {
				want.Errored = got.Errored // Terraform 1.5 shows none, and its file has it
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("terraform show (-) and the file (+) differ:\n%s", diff)
			}
		})
	}
}

// pairs are the plan files there are.
func pairs(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*.tfplan", "*/*.tfplan"} {
		some, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(some) == 0 {
			t.Fatalf("no plan files %s: %v", pattern, err)
		}
		files = append(files, some...)
	}
	return files
}

func byAddress(p *gate.Plan) {
	for _, list := range [][]gate.Change{p.Changes, p.Drift} {
		slices.SortFunc(list, func(a, b gate.Change) int {
			return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Deposed, b.Deposed))
		})
	}
}

// forgiveRegions lets the file name a region where terraform show names none: of
// a module in a module it loses which provider block counts, and the file has it.
func forgiveRegions(shown, file *gate.Plan) {
	for i := range min(len(shown.Changes), len(file.Changes)) {
		if c := &shown.Changes[i]; c.Region == "" && file.Changes[i].Region != "" && strings.Count(gate.Unkeyed(c.Address), "module.") > 1 {
			c.Region = file.Changes[i].Region
			shown.Regions = append(shown.Regions, c.Region)
		}
	}
	shown.Regions = slices.Compact(slices.Sorted(slices.Values(shown.Regions)))
}

// What is recorded is read, and what is read was recorded.
func TestVersionsAreThoseRecorded(t *testing.T) {
	recorded, err := filepath.Glob(filepath.Join("testdata", "*-*"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, dir := range recorded {
		got = append(got, filepath.Base(dir))
	}
	if diff := gocmp.Diff(got, planfile.Recorded()); diff != "" {
		t.Errorf("recorded (-) and read (+) differ:\n%s", diff)
	}
}

// What was not recorded lies between two versions of its line that were, and is
// read as they are.
func TestVersionsBetween(t *testing.T) {
	if len(planfile.Between()) == 0 {
		t.Fatal("there is none: the test proves nothing")
	}
	for name, ends := range planfile.Between() {
		product, number, _ := strings.Cut(name, "-")
		is := goversion.Must(goversion.NewVersion(number))
		var at [2]*goversion.Version
		for i, end := range ends {
			if !slices.Contains(planfile.Recorded(), end) || !strings.HasPrefix(end, product+"-") {
				t.Fatalf("%s: %s was not recorded", name, end)
			}
			at[i] = goversion.Must(goversion.NewVersion(strings.TrimPrefix(end, product+"-")))
		}
		line := func(v *goversion.Version) [2]int { return [2]int(v.Segments()[:2]) }
		if !at[0].LessThan(is) || !is.LessThan(at[1]) || line(at[0]) != line(is) || line(at[1]) != line(is) {
			t.Errorf("%s is not between %s and %s", name, ends[0], ends[1])
		}
		if !planfile.Proved(name) {
			t.Errorf("%s is not read", name)
		}
	}
}

package planfile_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/planfile"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// TestBothWays holds plan files against what terraform show printed of them.
func TestBothWays(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.tfplan"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no plan files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
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
			var b bytes.Buffer
			if _, err := planfile.JSON(bytes.NewReader(raw), int64(len(raw)), &b); err != nil {
				t.Fatal(err)
			}
			got, err := tfplan.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b gate.Change) bool { return a.Address+a.Deposed < b.Address+b.Deposed })); diff != "" {
				t.Errorf("terraform show (-) and the file (+) differ:\n%s", diff)
			}
		})
	}
}

package checks

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
)

// What a check may ask for is what the policy allows: whatever it ever asked
// for in a case is in its list, and for whatever is in its list there is a case
// in which it asks for it.
func TestACheckAsksForWhatItSaysItMay(t *testing.T) {
	files, err := filepath.Glob("*/testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]map[string]bool{}
	for _, file := range append(files, stories...) {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == "case" })
		in, err := gatetest.Parse(string(ar.Files[i].Data))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, c := range Suite() {
			for _, a := range gate.Asked(in.Plan, []*gate.Check{c}) {
				if asked[c.Name] == nil {
					asked[c.Name] = map[string]bool{}
				}
				asked[c.Name][a.Source] = true
				if !slices.Contains(c.May, a.Source) {
					t.Errorf("%s: %s asks for %s, which is not in its May: the policy would not allow it", file, c.Name, a.Source)
				}
			}
		}
	}
	for _, c := range Suite() {
		for _, source := range c.May {
			if !asked[c.Name][source] {
				t.Errorf("%s says it may ask for %s, and there is no case in which it does", c.Name, source)
			}
			if len(gate.Permissions(source)) == 0 {
				t.Errorf("%s: no IAM action is known for it", source)
			}
		}
	}
}

// A plan that touches no store and takes no member asks for nothing.
func TestAPlanThatTouchesNoStoreAsksForNothing(t *testing.T) {
	in, err := gatetest.Parse(strings.TrimSpace(`
cluster web size=2
group web desired=2 addr=aws_autoscaling_group.web
member i-0 in-service addr=aws_instance.web[0]
member i-1 in-service addr=aws_instance.web[1]
change update aws_instance.web[0] tags={"Cluster":"web"}->{"Cluster":"web","Release":"2"}
change create aws_instance.web[2]
change create aws_ebs_volume.data
change create aws_volume_attachment.data
change create aws_s3_bucket.logs
change create aws_db_instance.orders
change create aws_dynamodb_table.orders
`))
	if err != nil {
		t.Fatal(err)
	}
	if got := gate.Asked(in.Plan, Suite()); len(got) > 0 {
		t.Errorf("got %+v, want nothing asked", got)
	}
}

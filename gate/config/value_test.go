package config

import (
	"fmt"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

// A floor is never below its share of the size, and less than one member above
// it; a budget is never above its share, and less than one member below it.
func TestPercentagesNeverPromiseLess(t *testing.T) {
	for size := 1; size <= 300; size++ {
		for p := 0; p <= 100; p++ {
			a := amount{n: p, percent: true}
			if got := a.floor(size) * 100; got < size*p || got >= size*p+100 {
				t.Fatalf("a floor of %d%% of %d: got %d members", p, size, got/100)
			}
			if got := a.budget(size) * 100; got > size*p || got <= size*p-100 {
				t.Fatalf("a budget of %d%% of %d: got %d members", p, size, got/100)
			}
			if got := a.floor(size); got > size {
				t.Fatalf("a floor of %d%% of %d: got %d; want at most the size", p, size, got)
			}
		}
	}
}

// What the properties say of amounts is what a file gets.
func TestPercentagesInAFile(t *testing.T) {
	for _, tt := range []struct {
		size, percent, floor, budget int
	}{{3, 50, 2, 1}, {3, 34, 2, 1}, {3, 33, 1, 0}, {1, 1, 1, 0}, {12, 75, 9, 9}, {7, 100, 7, 7}, {7, 0, 0, 0}, {1_000_000, 99, 990_000, 990_000}} {
		src := fmt.Sprintf("cluster \"c\" {\n members { groups = [\"c\"] }\n size = %d\n survivor_floor = \"%d%%\"\n budget = \"%[2]d%%\"\n}\n", tt.size, tt.percent)
		cfg, err := Parse("holdfast.hcl", []byte(src), "1.0.0")
		if err != nil {
			t.Fatal(err)
		}
		r := cfg.Clusters[0].Roles[0]
		if r.SurvivorFloor != tt.floor || *r.Budget != tt.budget {
			t.Errorf("%d%% of %d: got floor %d, budget %d; want %d, %d", tt.percent, tt.size, r.SurvivorFloor, *r.Budget, tt.floor, tt.budget)
		}
	}
}

func TestCovers(t *testing.T) {
	for _, tt := range []struct {
		x, y string
		want bool
	}{
		{"aws_instance.a", "aws_instance.a", true},
		{"aws_instance.a", "aws_instance.a[0]", true},
		{"aws_instance.a", `aws_instance.a["b.c"]`, true},
		{"aws_instance.a[0]", "aws_instance.a", false},
		{"aws_instance.a", "aws_instance.ab", false},
		{"module.a", "module.a[0].aws_instance.b[1]", false},
	} {
		if got := covers(tt.x, tt.y); got != tt.want {
			t.Errorf("covers(%s, %s): got %v, want %v", tt.x, tt.y, got, tt.want)
		}
	}
}

func TestImpliesReadsTheWildcardOneWay(t *testing.T) {
	any, one := map[string]string{"Cluster": "*"}, map[string]string{"Cluster": "search"}
	if !implies(one, any) || implies(any, one) {
		t.Error("a value must imply any value, and not the other way round")
	}
	a := gate.Cluster{Members: gate.Selector{Tags: map[string]string{"Cluster": "search", "Role": "data"}}}
	b := gate.Cluster{Members: gate.Selector{Tags: map[string]string{"Cluster": "search", "Role": "master"}}}
	if got := shared(a, b); got != "" {
		t.Errorf("got %q; want no certain overlap of two values of one tag", got)
	}
}

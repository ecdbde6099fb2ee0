package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// The one rule that everybody here applies: in how many clusters, by the tag
// Cluster, does the plan delete every instance there is, and make none in its
// place? Other resources have the tag too and do not count.

// tally counts the instances of each cluster, and those that the plan deletes.
type tally map[string]*struct{ all, deleted int }

func (t tally) add(cluster string, deleted bool) {
	if t[cluster] == nil {
		t[cluster] = new(struct{ all, deleted int })
	}
	t[cluster].all++
	if deleted {
		t[cluster].deleted++
	}
}

func (t tally) emptied() int {
	n := 0
	for _, c := range t {
		if c.all == c.deleted {
			n++
		}
	}
	return n
}

// contestant runs one of the ways to read a plan that are Go, in a process of
// its own, and prints its answer.
func contestant(way, file string) error {
	var answer int
	var err error
	switch way {
	case "holdfast":
		answer, err = byHoldfast(file)
	case "json.Valid":
		answer, err = byValid(file)
	case "terraform-json":
		answer, err = byTerraformJSON(file)
	default:
		err = fmt.Errorf("nobody here is called %q", way)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Println(answer)
	return err
}

func byHoldfast(file string) (int, error) {
	debug.SetGCPercent(tfplan.GCPercent) // as the program does
	in, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	plan, err := tfplan.Decode(in)
	if err != nil {
		return 0, err
	}
	return emptied(plan), nil
}

// emptied looks at every instance of a plan, those included that its decoder
// holds apart.
func emptied(plan *gate.Plan) int {
	t := tally{}
	count := func(c gate.Change) {
		if c.Type == "aws_instance" && c.Before != nil {
			t.add(c.Before.Tags()["Cluster"], c.Action == gate.Delete)
		}
	}
	for _, c := range plan.Changes {
		count(c)
	}
	if plan.Aside != nil {
		for c := range plan.Aside.All("aws_instance") {
			count(c)
		}
	}
	return t.emptied()
}

// byValid applies no rule: it is what reading costs at least with the standard
// library.
func byValid(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	if !json.Valid(text) {
		return 0, errors.New("it is not JSON")
	}
	return 0, nil
}

func byTerraformJSON(file string) (int, error) {
	in, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	text, err := io.ReadAll(in)
	if err != nil {
		return 0, err
	}
	var plan tfjson.Plan
	if err := json.Unmarshal(text, &plan); err != nil {
		return 0, err
	}
	t := tally{}
	for _, c := range plan.ResourceChanges {
		before, _ := c.Change.Before.(map[string]any)
		if c.Type != "aws_instance" || before == nil {
			continue
		}
		tags, _ := before["tags"].(map[string]any)
		name, _ := tags["Cluster"].(string)
		t.add(name, c.Change.Actions.Delete())
	}
	return t.emptied(), nil
}

package live_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

func TestTrimKeepsOnlyTagsThatDecide(t *testing.T) {
	tags := func() map[string]string {
		return map[string]string{"Cluster": "c", "Name": "n", "Role": "r", "aws:autoscaling:groupName": "g", "Token": "CANARY"}
	}
	s := &gate.Snapshot{Started: noon, Finished: noon, Members: []gate.Member{{ID: "i-1", Tags: tags()}}, Groups: []gate.Group{{Name: "g", Tags: tags()}}}
	live.Trim(s, &gate.Config{Clusters: []gate.Cluster{{Roles: []gate.Role{{Members: gate.Selector{Tags: map[string]string{"Role": "r"}}}}}}})
	if len(s.Members[0].Tags) != 4 || len(s.Groups[0].Tags) != 4 {
		t.Errorf("got %v and %v, want all but Token", s.Members[0].Tags, s.Groups[0].Tags)
	}
	var b bytes.Buffer
	if err := live.Save(&b, s); err != nil || strings.Contains(b.String(), "CANARY") {
		t.Errorf("saved %s, %v", b.String(), err)
	}
	if _, err := live.Load(&b); err != nil {
		t.Errorf("what was trimmed does not load: %v", err)
	}
}

package live_test

import (
	"bytes"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// FuzzLoad feeds Load anything. What it accepts is whole: saved again it loads
// again, under the digest it has, and it can be judged.
func FuzzLoad(f *testing.F) {
	var b bytes.Buffer
	s := &gate.Snapshot{Account: "123456789012", Started: noon, Finished: noon, Members: []gate.Member{{ID: "i-1", Region: "us-east-1", Phase: gate.Leaving}},
		Groups: []gate.Group{{Name: "web", Region: "us-east-1"}}, Sources: []gate.Source{{Name: gate.SourceInstances, Region: "us-east-1", ReadAt: noon, Complete: true}}}
	s.Digest = live.Digest(s)
	if err := live.Save(&b, s); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(bytes.Replace(b.Bytes(), []byte(`"leaving"`), []byte(`"steady"`), 1))
	f.Add([]byte(`{"format_version":"1","snapshot":null}`))
	f.Add([]byte(`{"format_version":"1","format_version":"2"}`))
	f.Add([]byte("{\"format_version\":\"1\",\"snapshot\":{\"account\":\"\xff\"}}"))
	f.Add(bytes.Repeat([]byte("["), 20000))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := live.Load(bytes.NewReader(data))
		if err != nil {
			if got != nil {
				t.Errorf("an error and a snapshot: %v", err)
			}
			return
		}
		if got.Digest != live.Digest(got) {
			t.Errorf("loaded under the digest %s of another snapshot", got.Digest)
		}
		var again bytes.Buffer
		if err := live.Save(&again, got); err != nil {
			t.Fatal(err)
		}
		if _, err := live.Load(&again); err != nil {
			t.Errorf("what was loaded and saved does not load: %v", err)
		}
		gate.Evaluate(gate.Input{Now: noon, Snapshot: got}, nil)
	})
}

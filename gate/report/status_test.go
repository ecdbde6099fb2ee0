package report

import (
	"bytes"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

func snapshot() *gate.Snapshot {
	return &gate.Snapshot{Digest: "5a17bc0ffee0123456789abcdef", Account: "123456789012", Finished: at(), Sources: sources()}
}

func TestStatus(t *testing.T) {
	views := append(parakeet().Clusters, allow().Clusters...)
	for _, v := range views {
		v.Effects, v.Drift, v.Recorded = nil, nil, nil
		for i := range v.Roles {
			v.Roles[i].Victims = nil
			for id, b := range v.Roles[i].Buckets {
				if b == gate.BucketVictim {
					v.Roles[i].Buckets[id] = gate.BucketSurvivor
				}
			}
		}
	}
	var b bytes.Buffer
	if err := Status(&b, views, snapshot(), Options{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "status.txt", b.Bytes())
	b.Reset()
	if err := Status(&b, nil, nil, Options{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "status_nothing.txt", b.Bytes())
	b.Reset()
	if err := StatusJSON(&b, views[:1], snapshot()); err != nil {
		t.Fatal(err)
	}
	golden(t, "status.json", b.Bytes())
}

func TestExplain(t *testing.T) {
	c := &gate.Check{Name: "survivorfloor", Needs: []string{gate.SourceInstances, gate.SourceGroups}, Doc: "enough members must go on serving\n\nThe worst case is taken of everything AWS may choose.\n\nPass by waiting."}
	p := &gate.Check{Name: "fresh", Plan: true, Doc: "the plan and the snapshot must be young"}
	var b bytes.Buffer
	for _, c := range []*gate.Check{c, p} {
		if err := Explain(&b, c); err != nil {
			t.Fatal(err)
		}
		b.WriteString("----\n")
	}
	if err := Checks(&b, []*gate.Check{c, p}); err != nil {
		t.Fatal(err)
	}
	golden(t, "explain.txt", b.Bytes())
}

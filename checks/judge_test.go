package checks

import (
	"fmt"
	"io"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

const (
	manyResources = 10_000
	manyClusters  = 100
)

// BenchmarkJudge10k decodes and judges a plan of 10,000 resources, 100 MB of
// JSON that is never held, in a world of as many live members. It reports the
// most memory that was in use, garbage included.
func BenchmarkJudge10k(b *testing.B) {
	var peak uint64
	var read int64
	for b.Loop() {
		stop, most := make(chan struct{}), make(chan uint64)
		go watch(stop, most)
		r, w := io.Pipe()
		go func() { w.CloseWithError(writePlan(w)) }()
		counter := &counting{r: r}
		p, err := tfplan.Decode(counter)
		if err != nil {
			b.Fatal(err)
		}
		in := gate.Input{Now: instant, Plan: p, Snapshot: manyMembers()}
		gatetest.Answer(&in, Suite())
		v := gate.Evaluate(in, Suite())
		if v.Decision != gate.Warn || len(v.Clusters) != manyClusters {
			b.Fatalf("decided %s on %d clusters, want warn on %d", v.Decision, len(v.Clusters), manyClusters)
		}
		close(stop)
		peak, read = max(peak, <-most), counter.n
	}
	if peak > 160e6 {
		b.Errorf("%d MB in use for a plan of %d MB: memory must not grow with the plan", peak/1e6, read/1e6)
	}
	b.SetBytes(read)
	b.ReportMetric(float64(peak)/1e6, "peak-MB")
	b.ReportMetric(float64(read)/1e6, "plan-MB")
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// watch samples the memory in use until it is told to stop.
func watch(stop chan struct{}, most chan uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var peak uint64
	for {
		metrics.Read(sample)
		peak = max(peak, sample[0].Value.Uint64())
		select {
		case <-stop:
			most <- peak
			return
		case <-tick.C:
		}
	}
}

// writePlan writes the plan: each cluster loses two members of a hundred.
func writePlan(w io.Writer) error {
	filler := strings.Repeat("x", 4800)
	if _, err := fmt.Fprintf(w, `{"format_version":"1.2","terraform_version":"1.11.4","timestamp":%q,"complete":true,"applyable":true,"errored":false,"resource_changes":[`, instant.Format(time.RFC3339)); err != nil {
		return err
	}
	for i := range manyResources {
		comma, actions := ",", `"no-op"`
		if i == 0 {
			comma = ""
		}
		if i < 2*manyClusters {
			actions = `"delete"`
		}
		object := fmt.Sprintf(`{"id":"i-%05d","arn":"arn:aws:ec2:us-east-1:123456789012:instance/i-%05d","instance_type":"m5.large","tags":{"Cluster":"c%02d"},"user_data":%q}`, i, i, i%manyClusters, filler)
		after := object
		if actions == `"delete"` {
			after = "null"
		}
		if _, err := fmt.Fprintf(w, `%s{"address":"aws_instance.n[%d]","mode":"managed","type":"aws_instance","name":"n","index":%d,"provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":[%s],"before":%s,"after":%s,"after_unknown":{},"before_sensitive":{},"after_sensitive":{}}}`,
			comma, i, i, actions, object, after); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, `]}`)
	return err
}

// manyMembers is the world the plan was made in.
func manyMembers() *gate.Snapshot {
	s := &gate.Snapshot{Account: "123456789012", Started: instant, Finished: instant}
	for i := range manyResources {
		m := member(fmt.Sprintf("i-%05d", i), "", 0)
		m.Tags = map[string]string{"Cluster": fmt.Sprintf("c%02d", i%manyClusters)}
		s.Members = append(s.Members, m)
	}
	for _, name := range append(gate.Live(), gate.SourceIdentity) {
		s.Sources = append(s.Sources, gate.Source{Name: name, Region: "us-east-1", Complete: true, ReadAt: instant})
	}
	return s
}

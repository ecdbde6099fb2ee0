package tfplan

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

// instanceValues is shaped as what the provider writes for an instance, 2.5 kB.
const instanceValues = `{"ami":"ami-12c6146b","arn":"arn:aws:ec2:us-east-1:123456789012:instance/i-%017x","associate_public_ip_address":true,"availability_zone":"us-east-1a",` +
	`"id":"i-%017x","instance_state":"running","instance_type":"t3.micro","launch_template":[],"region":"us-east-1","subnet_id":"subnet-dd1b83229bb64a608",` +
	`"tags":{"Cluster":"search","Name":"search-%d","Role":"data"},"tags_all":{"Cluster":"search","Name":"search-%d","Role":"data"},` +
	`"metadata_options":[{"http_endpoint":"enabled","http_tokens":"optional"}],"root_block_device":[{"delete_on_termination":true,"volume_size":8}],"user_data":"%01800d"}`

func writeValues(w io.Writer, i int) { fmt.Fprintf(w, instanceValues, i, i, i, i, i) }

// generated is a plan that nobody holds: what is read is made while reading.
type generated struct {
	buf   bytes.Buffer
	parts []func(i int) // of the plan, each called count times
	count []int
	part  int
	i     int
	read  int64
}

// generate is a plan with this many instances in resource_changes, of which
// every hundredth is deleted, and this many in each of prior_state and
// planned_values.
func generate(changes, state int) *generated {
	g := &generated{count: []int{1, state, 1, state, 1, changes, 1}}
	text := func(s string) func(int) { return func(int) { g.buf.WriteString(s) } }
	comma := func(i int) {
		if i > 0 {
			g.buf.WriteByte(',')
		}
	}
	inState := func(i int) {
		comma(i)
		fmt.Fprintf(&g.buf, `{"address":"aws_instance.node[%d]","mode":"managed","type":"aws_instance","values":`, i)
		writeValues(&g.buf, i)
		g.buf.WriteByte('}')
	}
	g.parts = []func(int){
		text(`{"format_version":"1.2","planned_values":{"root_module":{"resources":[`), inState,
		text(`]}},"prior_state":{"values":{"root_module":{"resources":[`), inState,
		text(`]}}},"resource_changes":[`), func(i int) {
			comma(i)
			fmt.Fprintf(&g.buf, `{"address":"aws_instance.node[%d]","mode":"managed","type":"aws_instance","name":"node","index":%d,"provider_name":"registry.terraform.io/hashicorp/aws","change":{"before":`, i, i)
			writeValues(&g.buf, i)
			if i%100 == 0 {
				g.buf.WriteString(`,"actions":["delete"],"after":null}}`)
				return
			}
			g.buf.WriteString(`,"actions":["no-op"],"after_unknown":{},"before_sensitive":{"tags":{}},"after_sensitive":{"tags":{}},"after":`)
			writeValues(&g.buf, i)
			g.buf.WriteString(`}}`)
		},
		text(`]}`),
	}
	return g
}

func (g *generated) Read(p []byte) (int, error) {
	for g.buf.Len() == 0 {
		if g.part == len(g.parts) {
			return 0, io.EOF
		}
		if g.i == g.count[g.part] {
			g.part, g.i = g.part+1, 0
			continue
		}
		g.parts[g.part](g.i)
		g.i++
	}
	n, err := g.buf.Read(p)
	g.read += int64(n)
	return n, err
}

// peak samples the heap while a plan is read through it, every 64 KiB.
type peak struct {
	r      io.Reader
	sample []metrics.Sample
	next   int
	most   uint64
}

func newPeak(r io.Reader) *peak {
	return &peak{r: r, sample: []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}}
}

func (p *peak) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if p.next -= n; p.next <= 0 {
		p.next = 64 << 10
		metrics.Read(p.sample)
		p.most = max(p.most, p.sample[0].Value.Uint64())
	}
	return n, err
}

// measure decodes a generated plan and returns the most bytes the heap held
// beyond what it held before, dead objects included.
func measure(tb testing.TB, g *generated) (*gate.Plan, uint64) {
	tb.Helper()
	runtime.GC()
	p := newPeak(g)
	metrics.Read(p.sample)
	base := p.sample[0].Value.Uint64()
	plan, err := Decode(p)
	if err != nil {
		tb.Fatal(err)
	}
	return plan, p.most - min(base, p.most)
}

// TestMemoryGrowsWithChangesNotState holds the promise in small: ten times the
// state takes no more memory. BenchmarkDecode10k has the figure in full.
func TestMemoryGrowsWithChangesNotState(t *testing.T) {
	// Dead objects count too; with a steady collector they are a steady part.
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	const changes, state = 500, 700
	_, small := measure(t, generate(changes, state))
	g := generate(changes, 10*state)
	plan, large := measure(t, g)
	t.Logf("%d MB: peak %.1f MB, with a tenth of the state %.1f MB", g.read/1e6, float64(large)/1e6, float64(small)/1e6)
	if len(plan.Changes) != changes {
		t.Fatalf("got %d changes, want %d", len(plan.Changes), changes)
	}
	const step = 4 << 20 // the collector starts at heaps of this size
	if large > small+small/10+step {
		t.Errorf("got a peak of %d bytes with ten times the state, %d without: memory grows with the state", large, small)
	}
	if large > 16<<20 {
		t.Errorf("got a peak of %d bytes for %d changes, want at most 16 MiB", large, changes)
	}
}

// BenchmarkDecode10k decodes a plan of 10,000 instances, about 100 MB with the
// state. peak-MB is the most the heap held at once, dead objects included.
func BenchmarkDecode10k(b *testing.B) {
	var most uint64
	for b.Loop() {
		g := generate(10_000, 10_000)
		plan, peak := measure(b, g)
		if got := len(plan.Changes) + plan.Aside.Len(); got != 10_000 {
			b.Fatalf("got %d changes, want 10000", got)
		}
		most = max(most, peak)
		b.SetBytes(g.read)
	}
	if most > 16<<20 {
		b.Errorf("got a peak of %d bytes, want at most 16 MiB", most)
	}
	b.ReportMetric(float64(most)/1e6, "peak-MB")
}

// TestInstanceIsHeldSmall holds what one instance costs for as long as the plan
// is judged: what its neighbours have too is there once.
func TestInstanceIsHeldSmall(t *testing.T) {
	const changes, most = 2000, 2100 // 2175 when each was held by itself
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d := newDecoder(bufio.NewReader(generate(changes, 1)))
	d.aside.room = changes
	plan, err := d.decode()
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / changes
	t.Logf("%d bytes for each instance", each)
	if len(plan.Changes) != changes || each > most {
		t.Errorf("got %d bytes for each of %d instances, want at most %d for each of %d", each, len(plan.Changes), most, changes)
	}
}

// TestWhatNothingHappensToIsHeldSmaller holds what an instance costs that the
// plan leaves alone, where there are many: three times as many of them take little
// more memory, while they are read and afterwards.
func TestWhatNothingHappensToIsHeldSmaller(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	held := func(changes int) (live, peak uint64) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		plan, peak := measure(t, generate(changes, 1))
		if got := len(plan.Changes) + plan.Aside.Len(); got != changes {
			t.Fatalf("got %d changes, want %d", got, changes)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(plan)
		return after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc), peak
	}
	const few, many = 20_000, 60_000 // both are deflated
	fewLive, fewPeak := held(few)
	manyLive, manyPeak := held(many)
	// Every hundredth is deleted, and held as a change.
	each := (int64(manyLive) - int64(fewLive)) / (many - few)
	t.Logf("%d bytes for each; peaks of %.1f and %.1f MB", each, float64(fewPeak)/1e6, float64(manyPeak)/1e6)
	if each > 100 {
		t.Errorf("got %d bytes for each instance more, want at most 100", each)
	}
	if manyPeak > fewPeak+5<<20 {
		t.Errorf("got a peak of %d bytes for %d instances and of %d for %d, want at most 5 MiB more", manyPeak, many, fewPeak, few)
	}
}

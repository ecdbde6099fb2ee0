package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// fake is a terraform whose plan file holds the word "plan". It notes its
// command lines in calls and ends plan as plan-exit says. A shell starts it
// much quicker than this test binary would under the race detector.
const fake = `#!/bin/sh
echo "$*" >>"$FAKE_DIR/calls"
case $1 in
plan)
	for word; do
		case $word in
		-out=*)
			out=${word#-out=}
			if [ -e "$out" ]; then
				echo "  out $(ls -ld "$out" | cut -c1-10) $(ls -ld "${out%/*}" | cut -c1-10)" >>"$FAKE_DIR/calls"
			fi
			printf plan >"$out"
			;;
		esac
	done
	if [ -e "$FAKE_DIR/plan-exit" ]; then exit "$(cat "$FAKE_DIR/plan-exit")"; fi
	;;
show) echo '{}' ;;
workspace) echo default ;;
version) echo Terraform v1.11.4 ;;
esac
`

// clock is when every test begins.
var clock = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// world is a Wrapper around the fake terraform, in a world that verdicts says.
type world struct {
	*Wrapper
	t        *testing.T
	dir      string
	temp     string
	now      time.Time
	verdicts []gate.Verdict // what Evaluate answers to each look at the world, the last one for ever
	looked   bool
	reports  []gate.Decision
	last     gate.Verdict // the one reported last
	out, log bytes.Buffer
	kept     *memory
	looks    chan struct{} // a value is one look of the watch
}

// newWorld answers the prompt with the words of answer.
func newWorld(t *testing.T, answer string, verdicts ...gate.Verdict) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), temp: t.TempDir(), now: clock, looks: make(chan struct{}), verdicts: verdicts}
	t.Setenv("TMPDIR", w.temp)
	path := filepath.Join(t.TempDir(), "terraform")
	if err := os.WriteFile(path, []byte(fake), 0o700); err != nil {
		t.Fatal(err)
	}
	tool := &terraform.Tool{Path: path, Env: append(os.Environ(), "FAKE_DIR="+w.dir), Stdout: &w.out, Stderr: io.Discard}
	w.Wrapper = &Wrapper{
		Gate: &Gate{
			Config: gate.DefaultConfig(),
			Decode: func(r io.Reader) (*gate.Plan, error) { return decoded(&gate.Plan{Applyable: gate.Yes})(r) },
			Live: func(context.Context, *gate.Plan) (*gate.Snapshot, error) {
				if w.looked && len(w.verdicts) > 1 {
					w.verdicts = w.verdicts[1:]
				}
				w.looked = true
				return &gate.Snapshot{Account: "123456789012", Caller: "arn:aws:sts::123456789012:assumed-role/sre/jo"}, nil
			},
			Evaluate: func(in gate.Input) gate.Verdict {
				v := w.verdicts[0]
				// What binds a verdict to the one before is the core's own.
				whole := gate.Evaluate(in, nil)
				v.At, v.Expires, v.Plan, v.Config, v.Account, v.Caller = in.Now, whole.Expires, whole.Plan, whole.Config, whole.Account, whole.Caller
				for _, f := range whole.Findings {
					if f.Check == "bound" {
						v.Findings, v.Decision = append(slices.Clone(v.Findings), f), gate.Block
					}
				}
				return v
			},
			Now:  func() time.Time { return w.now },
			Find: func() (Shower, error) { return tool, nil },
			Sleep: func(ctx context.Context, d time.Duration) error {
				if d == watchEvery { // the watch looks when the test says so
					select {
					case <-ctx.Done():
					case <-w.looks:
					}
					return ctx.Err()
				}
				w.now = w.now.Add(d)
				return ctx.Err()
			},
			Log: &w.log,
		},
		Tool:   tool,
		Env:    tool.Env,
		Reload: func() (*gate.Config, error) { return w.Config, nil },
		Report: func(v gate.Verdict) error { w.reports, w.last = append(w.reports, v.Decision), v; return nil },
		In:     strings.NewReader(answer),
		Out:    &w.out,
	}
	w.kept = &memory{values: map[string][]byte{}}
	now := func() time.Time { return w.now }
	w.Ledger = &ledger.Ledger{Store: w.kept, Now: now, Sleep: w.Sleep, Version: "test"}
	// The lease keeps real time: it lasts longer than any of these tests.
	w.Leases = &lease.Keeper{Store: w.kept, Holder: lease.Holder{ID: "ours", Actor: "tester"}, Log: io.Discard}
	return w
}

// memory is a store that lasts as long as the test.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	age    time.Duration     // of the values in old
	old    map[string][]byte // nil: everything is new
	fails  error             // what every call returns from now on; nil works
}

func (m *memory) Read(_ context.Context, key string) ([]byte, string, time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.values[key]
	if !ok && m.fails == nil {
		return nil, "", 0, fs.ErrNotExist
	}
	if m.old != nil && string(m.old[key]) == string(data) {
		return data, string(data), m.age, m.fails
	}
	return data, string(data), 0, m.fails
}

func (m *memory) Swap(_ context.Context, key, version string, data []byte) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails != nil {
		return "", m.fails
	}
	if string(m.values[key]) != version {
		return "", fs.ErrExist
	}
	m.values[key] = data
	return string(data), nil
}

func (m *memory) List(_ context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := slices.Sorted(maps.Keys(m.values))
	return slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, prefix) }), m.fails
}

// records are the kinds of the records that were kept, in order.
func (w *world) records() string {
	w.t.Helper()
	var kinds []string
	for e, err := range w.Ledger.Records(w.t.Context(), "") {
		if err != nil {
			w.t.Fatal(err)
		}
		kinds = append(kinds, e.Record.Kind.String())
	}
	slices.Reverse(kinds) // the newest comes first
	return strings.Join(kinds, " ")
}

// calls returns the first words of the command lines terraform was given, and
// checks that no plan was left behind.
func (w *world) calls() string {
	w.t.Helper()
	left, err := os.ReadDir(w.temp)
	if err != nil || len(left) > 0 {
		w.t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
	var verbs []string
	for line := range strings.Lines(w.lines()) {
		if verb := strings.Fields(line)[0]; !strings.HasPrefix(line, " ") {
			verbs = append(verbs, verb)
		}
	}
	return strings.Join(verbs, " ")
}

func (w *world) lines() string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, "calls"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return string(b)
}

// allow, block and moving are verdicts.
func allow() gate.Verdict { return gate.Verdict{Decision: gate.Allow} }

func block(code string) gate.Verdict {
	return gate.Verdict{Decision: gate.Block, Findings: []gate.Finding{{Code: code, Cluster: "search", Decision: gate.Block}}}
}

// touching is a verdict about a plan that ends a member of a cluster.
func touching(v gate.Verdict) gate.Verdict {
	v.Clusters = []*gate.View{{Cluster: gate.Cluster{Name: "search", Settle: time.Minute}, Effects: []gate.Effect{{Address: "aws_instance.a", Action: gate.Delete, Ends: []string{"i-0abc"}}}}}
	return v
}

func moving(now time.Time) gate.Verdict {
	v := touching(block("settled.members"))
	v.Clusters = []*gate.View{{Cluster: v.Clusters[0].Cluster, Effects: v.Clusters[0].Effects, Members: []gate.MemberView{{Member: gate.Member{
		ID: "i-0abc", Phase: gate.Leaving, Since: now.Add(-80 * time.Second),
		Observed: []gate.Observation{{Raw: "shutting-down", Phase: gate.Leaving, Opinion: true}},
	}}}}}
	return v
}

// terraformFunc is a terraform whose apply does one thing.
type terraformFunc func(stop <-chan struct{})

func (f terraformFunc) Apply(c terraform.ApplyCall) (int, error) { f(c.Stop); return 0, nil }

func (terraformFunc) Plan(terraform.PlanCall) (int, error) { return 0, errors.New("not here") }

func (terraformFunc) Version(context.Context) (terraform.Version, error) {
	return terraform.Version{}, errors.New("not here")
}

func terraformCall() terraform.ApplyCall { return terraform.ApplyCall{File: "plan"} }

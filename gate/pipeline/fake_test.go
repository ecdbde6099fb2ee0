package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
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

// world is a Wrapper around the fake terraform, in a world that verdicts says.
type world struct {
	*Wrapper
	t        *testing.T
	dir      string
	temp     string
	now      time.Time
	verdicts []gate.Verdict // what Evaluate answers, the last one for ever
	reports  []gate.Decision
	out, log bytes.Buffer
}

// newWorld answers the prompt with the words of answer.
func newWorld(t *testing.T, answer string, verdicts ...gate.Verdict) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), temp: t.TempDir(), now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), verdicts: verdicts}
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
			Live:   func(context.Context, *gate.Plan) (*gate.Snapshot, error) { return &gate.Snapshot{}, nil },
			Evaluate: func(in gate.Input) gate.Verdict {
				v := w.verdicts[0]
				if len(w.verdicts) > 1 {
					w.verdicts = w.verdicts[1:]
				}
				v.At = in.Now
				return v
			},
			Now:  func() time.Time { return w.now },
			Find: func() (*terraform.Tool, error) { return tool, nil },
			Sleep: func(_ context.Context, d time.Duration) error {
				w.now = w.now.Add(d)
				return nil
			},
			Log: &w.log,
		},
		Tool:   tool,
		Report: func(v gate.Verdict) error { w.reports = append(w.reports, v.Decision); return nil },
		In:     strings.NewReader(answer),
		Out:    &w.out,
	}
	return w
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

func moving(now time.Time) gate.Verdict {
	v := block("settled.members")
	v.Clusters = []*gate.View{{Cluster: gate.Cluster{Name: "search"}, Members: []gate.MemberView{{Member: gate.Member{
		ID: "i-0abc", Phase: gate.Leaving, Since: now.Add(-80 * time.Second),
		Observed: []gate.Observation{{Raw: "shutting-down", Phase: gate.Leaving, Opinion: true}},
	}}}}}
	return v
}

package crash

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/change"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// directory and bucket are fresh places.
func directory(t *testing.T) place {
	return place{Dir: t.TempDir(), Start: time.Now().Truncate(time.Second), Store: t.TempDir()}
}

func bucket(t *testing.T) place {
	world := awssim.New(time.Now())
	world.CreateBucket("us-east-1", "team")
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	return place{Dir: t.TempDir(), Start: time.Now().Truncate(time.Second), Bucket: "team"}
}

// whole lets a run come to its end, and returns its steps.
func whole(t *testing.T, p place) []string {
	t.Helper()
	out, _ := p.child(t, spec{})
	if out == nil {
		t.Fatal("a run that nobody killed did not end well")
	}
	return out
}

// child starts a run. The steps are nil if it was killed.
func (p place) child(t *testing.T, s spec) (steps []string, dead bool) {
	t.Helper()
	s.Place = p
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childSpec+"="+string(text), "TMPDIR="+p.Dir)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	began, _ := in.ReadString('\n')
	if s.After > 0 && began != "" {
		time.AfterFunc(s.After, func() { _ = cmd.Process.Kill() })
	}
	rest, _ := io.ReadAll(in)
	err = cmd.Wait()
	switch state := cmd.ProcessState; {
	case err == nil:
		return strings.Split(strings.TrimSpace(string(rest)), "\n"), false
	case state.Exited():
		t.Fatalf("the run ended by itself: %v\n%s", err, &said)
	}
	return nil, true
}

// A scene is what a killed run has left behind, and who looks at it.
type scene struct {
	*testing.T
	place
	kept *later
	log  strings.Builder
}

// killed kills a run and proves what must hold afterwards. It reports whether
// the run was killed, and did not come to its end before.
func killed(t *testing.T, p place, how spec) (dead bool) {
	t.Helper()
	_, dead = p.child(t, how)
	if !dead && how.Step+how.Half > 0 {
		t.Error("the run was not killed")
	}
	kept, err := p.open()
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{T: t, place: p, kept: &later{Store: kept, from: map[string]time.Duration{}}}
	s.sound("the kill")
	intent, outcome := s.of(doomed)
	if s.there("began") && intent == nil {
		t.Error("terraform began, and no intent is in the ledger")
	}
	if s.there("over") && !dead && outcome == nil {
		t.Error("the run came to its end, and no outcome is in the ledger")
	}
	open := intent != nil && outcome == nil
	s.waitForLease()
	s.next(intent, open)
	s.works()
	return dead
}

// sound proves that the ledger verifies.
func (s *scene) sound(after string) {
	s.Helper()
	if err := change.Sound(s.Context(), s.ledger(time.Now)); err != nil {
		s.Errorf("after %s the ledger does not verify: %v", after, err)
	}
}

func (s *scene) ledger(now func() time.Time) *ledger.Ledger {
	return &ledger.Ledger{Store: s.kept, Now: now, Sleep: soon, Version: "test"}
}

func (s *scene) there(name string) bool {
	_, err := os.Stat(s.file(name))
	return err == nil
}

// of returns the intent and the outcome of a run, and its last refusal as its
// intent if it has none.
func (s *scene) of(run string) (intent, outcome *ledger.Record) {
	s.Helper()
	records, err := change.Records(s.Context(), s.ledger(time.Now))
	if err != nil {
		s.Fatal(err)
	}
	for i, r := range records {
		switch {
		case r.Run != run:
		case r.Kind == ledger.Intent, r.Kind == ledger.Refused:
			intent = &records[i]
		case r.Kind == ledger.Outcome:
			outcome = &records[i]
		}
	}
	return intent, outcome
}

// waitForLease proves that a lease which was left behind keeps others out for
// as long as it lives, and moves on to the end of that life.
func (s *scene) waitForLease() {
	s.Helper()
	list, err := lease.List(s.Context(), s.kept)
	if err != nil {
		s.Fatal(err)
	}
	i := slices.IndexFunc(list, func(e lease.Entry) bool { return e.State == lease.Held })
	if i < 0 {
		return
	}
	// A while may pass on the machine while this looks.
	s.kept.pass(lease.DefaultTTL - list[i].Silent - 30*time.Second)
	k := &lease.Keeper{Store: s.kept, Holder: lease.Holder{ID: "hasty"}, Sleep: soon}
	_, err = k.Take(s.Context(), awssim.DefaultAccount, []string{change.Name}, 0)
	if held := new(lease.HeldError); !errors.As(err, &held) || held.Holder.ID != doomed {
		s.Errorf("before the lease had run out: got %v, want to be told who holds it", err)
	}
	s.kept.pass(40 * time.Second)
}

// next proves that the next run says what became of the one before and counts
// the members that it was to end as leaving.
func (s *scene) next(intent *ledger.Record, open bool) {
	s.Helper()
	code, c := s.run("next", 5)
	if said := strings.Contains(s.log.String(), "was never recorded to end"); said != open {
		s.Errorf("the next run says that a change never ended: %v, want %v\n%s", said, open, &s.log)
	}
	judged, _ := s.of("next")
	if judged == nil || judged.Input == nil {
		s.Fatalf("the next run left no decision behind\n%s", &s.log)
	}
	moving := false
	if intent != nil {
		for _, id := range intent.Ends {
			moving = moving || c.Instance(id).State != "terminated"
		}
	}
	if want := map[bool]int{false: 0, true: 1}[moving]; code != want {
		s.Errorf("the next run: got exit status %d, want %d; findings %v\n%s", code, want, judged.Codes, &s.log)
	}
	if intent == nil {
		return
	}
	i := slices.IndexFunc(judged.Input.Recent, func(r gate.Recent) bool { return slices.Equal(r.Ends, c.IDs[:victims]) })
	if i < 0 || judged.Input.Recent[i].Open != open {
		s.Errorf("the next run knows %+v of the last, want an end of %v, open %v", judged.Input.Recent, c.IDs[:victims], open)
	}
	for _, v := range judged.Verdict.Clusters {
		for _, m := range v.Members {
			if slices.Contains(intent.Ends, m.ID) && m.Phase != gate.Leaving && m.Phase != gate.Gone {
				s.Errorf("%s counts as %s, want it to be leaving or gone", m.ID, m.Phase)
			}
		}
	}
}

// works proves that all is well again once the members are gone.
func (s *scene) works() {
	s.Helper()
	intent, _ := s.of(doomed)
	if intent != nil {
		for _, id := range intent.Ends {
			s.note("ended", fmt.Sprintln(time.Now().Add(s.kept.off).UnixNano(), id))
		}
	}
	s.kept.pass(10 * time.Minute)
	if code, _ := s.run("after", 4); code != 0 {
		r, _ := s.of("after")
		s.Errorf("the run after that: got exit status %d, want 0; %+v\n%s", code, r, &s.log)
	}
	s.sound("all of it")
	_, open, err := s.ledger(s.now).Recent(s.Context(), awssim.DefaultAccount, change.Name, gate.RecentWindow)
	if err != nil || len(open) > 0 {
		s.Errorf("in the end: got %d changes that never ended, %v; want none", len(open), err)
	}
	if list, err := lease.List(s.Context(), s.kept); err != nil || len(list) != 1 || list[0].State != lease.Released {
		s.Errorf("in the end: got leases %+v, %v; want one that is released", list, err)
	}
}

func (s *scene) now() time.Time { return time.Now().Add(s.kept.off) }

// run is another run of holdfast, in this process, that ends one member. What
// it ends is written down for the next.
func (s *scene) run(id string, member int) (int, *change.Cluster) {
	s.Helper()
	c, err := s.cluster(s.now())
	if err != nil {
		s.Fatal(err)
	}
	plan := s.file(id)
	if err := c.WritePlan(plan, c.Now(), c.IDs[member]); err != nil {
		s.Fatal(err)
	}
	s.log.Reset()
	w := c.Wrapper(change.Run{
		ID: id, Store: s.kept, Live: c.Live(s.Context()), Now: c.Now, Sleep: soon, Log: &s.log,
		Tool: change.Terraform{Ends: func(_ terraform.ApplyCall, ids []string) int {
			c.TerminateInstance(ids...)
			for _, id := range ids {
				s.note("ended", fmt.Sprintln(c.Now().UnixNano(), id))
			}
			return 0
		}},
	})
	code, err := w.Apply(s.Context(), "apply", []string{plan})
	if err != nil {
		s.Errorf("run %s: %v", id, err)
	}
	return code, c
}

// soon lets no time pass.
func soon(ctx context.Context, _ time.Duration) error {
	select {
	case <-ctx.Done():
	case <-time.After(time.Millisecond):
	}
	return ctx.Err()
}

// later is a store some time after the kill.
type later struct {
	lease.Store
	mu   sync.Mutex
	off  time.Duration            // how much later it is than the clock of the machine says
	from map[string]time.Duration // off when each key was written
}

func (l *later) pass(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.off += d
}

// Read implements lease.Store.
func (l *later) Read(ctx context.Context, key string) ([]byte, string, time.Duration, error) {
	data, version, age, err := l.Store.Read(ctx, key)
	l.mu.Lock()
	defer l.mu.Unlock()
	return data, version, age + l.off - l.from[key], err
}

// Swap implements lease.Store.
func (l *later) Swap(ctx context.Context, key, version string, data []byte) (string, error) {
	next, err := l.Store.Swap(ctx, key, version, data)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.from[key] = l.off
	}
	return next, err
}

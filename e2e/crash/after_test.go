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
	of := s.of(doomed)
	if s.there("began") && len(of.intents) < 2 {
		t.Errorf("terraform began, and its intents are in %d chains of the ledger, want 2", len(of.intents))
	}
	if !dead && len(of.outcomes) < 2 {
		t.Errorf("the run came to its end, and its outcome is in %d chains of the ledger, want 2", len(of.outcomes))
	}
	s.waitForLease()
	s.next(of)
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

// A past is what the ledger has of one run: its records by chain, and the
// decision that it made last.
type past struct {
	intents, outcomes map[string]ledger.Record
	decided           *ledger.Record
}

// open reports whether a chain has an intent of the run and no outcome; an empty
// chain means any.
func (p past) open(chain string) bool {
	for c := range p.intents {
		if _, over := p.outcomes[c]; !over && (chain == "" || chain == c) {
			return true
		}
	}
	return false
}

// ends are the members that the run was to end.
func (p past) ends() []string {
	var ids []string
	for _, r := range p.intents {
		ids = append(ids, r.Ends...)
	}
	return ids
}

func (s *scene) of(run string) past {
	s.Helper()
	records, err := change.Records(s.Context(), s.ledger(time.Now))
	if err != nil {
		s.Fatal(err)
	}
	p := past{intents: map[string]ledger.Record{}, outcomes: map[string]ledger.Record{}}
	for i, r := range records {
		if r.Run != run {
			continue
		}
		switch r.Kind {
		case ledger.Intent:
			p.intents[r.Chain] = r
		case ledger.Outcome:
			p.outcomes[r.Chain] = r
		}
		if r.Input != nil {
			p.decided = &records[i]
		}
	}
	return p
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
	_, err = k.Take(s.Context(), awssim.DefaultAccount, []string{list[i].Cluster}, 0)
	if held := new(lease.HeldError); !errors.As(err, &held) || held.Holder.ID != doomed {
		s.Errorf("before the lease had run out: got %v, want to be told who holds it", err)
	}
	s.kept.pass(40 * time.Second)
}

// next proves that the next run says what became of the one before and counts
// the members that it was to end as leaving.
func (s *scene) next(last past) {
	s.Helper()
	code, c := s.run("next", 8)
	if said := strings.Contains(s.log.String(), "was never recorded to end"); said != last.open("") {
		s.Errorf("the next run says that a change never ended: %v, want %v\n%s", said, last.open(""), &s.log)
	}
	now := s.of("next").decided
	if now == nil {
		s.Fatalf("the next run left no decision behind\n%s", &s.log)
	}
	want := 0
	for _, id := range last.ends() {
		if c.Instance(id).State != "terminated" {
			want = 1
		}
	}
	if code != want {
		s.Errorf("the next run: got exit status %d, want %d; findings %v\n%s", code, want, now.Codes, &s.log)
	}
	for chain, intent := range last.intents {
		i := slices.IndexFunc(now.Input.Recent, func(r gate.Recent) bool { return slices.Equal(r.Ends, intent.Ends) })
		if i < 0 || now.Input.Recent[i].Open != last.open(chain) {
			s.Errorf("the next run knows %+v of the last, want an end of %v, open %v", now.Input.Recent, intent.Ends, last.open(chain))
		}
	}
	for _, v := range now.Verdict.Clusters {
		for _, m := range v.Members {
			if slices.Contains(last.ends(), m.ID) && m.Phase != gate.Leaving && m.Phase != gate.Gone {
				s.Errorf("%s counts as %s, want it to be leaving or gone", m.ID, m.Phase)
			}
		}
	}
}

// works proves that all is well again once the members are gone.
func (s *scene) works() {
	s.Helper()
	for _, id := range s.of(doomed).ends() {
		s.note("ended", fmt.Sprintln(s.now().UnixNano(), id))
	}
	s.kept.pass(10 * time.Minute)
	if code, _ := s.run("after", 6); code != 0 {
		s.Errorf("the run after that: got exit status %d, want 0\n%s", code, &s.log)
	}
	s.sound("all of it")
	for _, name := range []string{change.Name, change.Other} {
		_, open, err := s.ledger(s.now).Recent(s.Context(), awssim.DefaultAccount, name, gate.RecentWindow)
		if err != nil || len(open) > 0 {
			s.Errorf("in the end: got %d changes of %s that never ended, %v; want none", len(open), name, err)
		}
	}
	list, err := lease.List(s.Context(), s.kept)
	if err != nil || len(list) != 2 || list[0].State != lease.Released || list[1].State != lease.Released {
		s.Errorf("in the end: got leases %+v, %v; want two that are released", list, err)
	}
}

func (s *scene) now() time.Time { return time.Now().Add(s.kept.off) }

// run is another run of holdfast, in this process, that ends two members, one of
// each cluster. What it ends is written down for the next.
func (s *scene) run(id string, first int) (int, *change.Cluster) {
	s.Helper()
	c, err := s.cluster(s.now())
	if err != nil {
		s.Fatal(err)
	}
	plan := s.file(id)
	if err := c.WritePlan(plan, c.Now(), c.IDs[first:first+2]...); err != nil {
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

package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/change"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/store"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// childSpec is the variable that makes this binary a run of holdfast.
const childSpec = "HOLDFAST_CRASH_CHILD"

// A spec is what a child does, and when it dies. It dies of one reason at most.
type spec struct {
	Place place
	Step  int           // dies at this step, from 1
	Half  int           // dies in this write, from 1, when half of it is in its temporary file
	Seen  int           // dies when the system says for the nth time that something happened to a file of the store
	After time.Duration // is killed from outside when it has run for so long
}

// victims are the members that the run which is killed was to end: the first
// of each cluster.
const victims = 2

// doomed is that run.
const doomed = "doomed"

// follow is how long it follows the cluster afterwards.
const follow = 20 * time.Millisecond

// child is one run of holdfast, in a process of its own.
func child(text string) int {
	var s spec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return fail(err)
	}
	kept, err := s.Place.open()
	if err != nil {
		return fail(err)
	}
	c, err := s.Place.cluster(time.Now())
	if err != nil {
		return fail(err)
	}
	c.Run(1)
	if s.Seen > 0 {
		if err := watch(s.Place.Store, s.Seen); err != nil {
			return fail(err)
		}
	}
	d := &dying{spec: s, cluster: c, store: kept}
	fmt.Println("began") // who kills from outside counts from here
	w := c.Wrapper(change.Run{
		ID: doomed, Store: d, Live: d.live(c.Live(context.Background())), Now: time.Now, Sleep: d.sleep, Log: io.Discard,
		Tool: change.Terraform{
			Makes: func(path string) error { return c.WritePlan(path, time.Now(), c.IDs[:victims]...) },
			Ends:  d.apply,
		},
	})
	evaluate, reload := w.Evaluate, w.Reload
	w.Evaluate = func(in gate.Input) gate.Verdict { defer d.step("after Evaluate"); return evaluate(in) }
	w.Report = func(gate.Verdict) error { d.step("Report"); return nil }
	w.Reload = func() (*gate.Config, error) { d.step("Reload"); return reload() }
	w.In = &answer{dying: d, Reader: strings.NewReader("yes\n")}
	w.Follow = follow
	code, err := w.Apply(context.Background(), "apply", nil)
	if err != nil {
		return fail(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Println(strings.Join(d.names, "\n"))
	return code
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// A dying is a run that counts its steps, and dies at one of them.
type dying struct {
	spec
	cluster *change.Cluster
	store   lease.Store

	mu     sync.Mutex
	names  []string
	writes int
	began  atomic.Bool // terraform
	over   atomic.Bool
	looked sync.Once
}

// die ends the process as SIGKILL does: nothing more happens in it.
func die() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill()
	}
	select {}
}

func (d *dying) step(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names = append(d.names, name); len(d.names) == d.Step {
		die()
	}
}

// Read implements lease.Store.
func (d *dying) Read(ctx context.Context, key string) ([]byte, string, time.Duration, error) {
	d.step("before Read " + key)
	defer d.step("after Read " + key)
	return d.store.Read(ctx, key)
}

// List implements lease.Store.
func (d *dying) List(ctx context.Context, prefix string) ([]string, error) {
	d.step("before List " + prefix)
	defer d.step("after List " + prefix)
	return d.store.List(ctx, prefix)
}

// Swap implements lease.Store.
func (d *dying) Swap(ctx context.Context, key, version string, data []byte) (string, error) {
	d.step("before Swap " + key)
	d.mu.Lock()
	d.writes++
	if d.writes == d.Half {
		file := filepath.Join(d.Place.Store, filepath.FromSlash(key))
		_ = os.MkdirAll(filepath.Dir(file), 0o700)
		_ = os.WriteFile(filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".new"), data[:len(data)/2], 0o600)
		die()
	}
	d.mu.Unlock()
	defer d.step("after Swap " + key)
	return d.store.Swap(ctx, key, version, data)
}

func (d *dying) live(read func(context.Context, *gate.Plan) (*gate.Snapshot, error)) func(context.Context, *gate.Plan) (*gate.Snapshot, error) {
	return func(ctx context.Context, plan *gate.Plan) (*gate.Snapshot, error) {
		// How often the watch looks, and who follows, depends on how busy the
		// machine is: of that, one look is a step.
		switch {
		case d.over.Load():
			d.looked.Do(func() { d.step("Live after terraform") })
			return read(ctx, plan)
		case d.began.Load():
			return read(ctx, plan)
		}
		d.step("before Live")
		defer d.step("after Live")
		return read(ctx, plan)
	}
}

// sleep makes the pauses short: the watch looks all the time.
func (d *dying) sleep(ctx context.Context, _ time.Duration) error {
	select {
	case <-ctx.Done():
	case <-time.After(2 * time.Millisecond):
	}
	return ctx.Err()
}

// answer is somebody who says yes.
type answer struct {
	*dying
	io.Reader
	asked sync.Once
}

func (a *answer) Read(p []byte) (int, error) {
	a.asked.Do(func() { a.step("confirm") })
	return a.Reader.Read(p)
}

// apply is terraform. It says in files that it began, whom it has ended, and
// that it is over, so that whoever comes later knows the world.
func (d *dying) apply(_ terraform.ApplyCall, ids []string) int {
	d.began.Store(true)
	defer d.over.Store(true)
	d.step("terraform starts")
	d.Place.note("began", "")
	d.step("terraform began")
	for _, id := range ids {
		<-time.After(3 * time.Millisecond)
		d.cluster.TerminateInstance(id)
		d.Place.note("ended", fmt.Sprintln(time.Now().UnixNano(), id))
		d.step("terraform ended one")
	}
	d.Place.note("over", "")
	d.step("terraform is over")
	return 0
}

// A place is where one case happens.
type place struct {
	Dir    string
	Start  time.Time // of the simulated account
	Store  string    // the directory of the store
	Bucket string    // the bucket of the store, instead
}

func (p place) open() (lease.Store, error) {
	if p.Bucket != "" {
		return store.NewS3(context.Background(), store.Bucket{Name: p.Bucket, Prefix: "infra"})
	}
	return store.NewDirectory(p.Store)
}

func (p place) file(name string) string { return filepath.Join(p.Dir, name) }

// note adds a line to a file. The kernel keeps it, whoever is killed.
func (p place) note(name, line string) {
	f, err := os.OpenFile(p.file(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(line)
		err = joined(err, f.Close())
	}
	if err != nil {
		panic(err)
	}
}

func joined(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// cluster is the account as terraform's runs have left it by now.
func (p place) cluster(now time.Time) (*change.Cluster, error) {
	c := change.New(p.Start, members, floor, change.Name, change.Other)
	data, err := os.ReadFile(p.file("ended"))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		var at int64
		var id string
		if _, err := fmt.Sscan(line, &at, &id); err != nil {
			return nil, err
		}
		c.Advance(time.Unix(0, at).Sub(c.Now()))
		c.TerminateInstance(id)
	}
	c.Advance(now.Sub(c.Now()))
	return c, nil
}

// Every change of these tests takes one member of each of two clusters and is
// safe, even all of them together.
const members, floor = 12, 3

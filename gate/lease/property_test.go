package lease

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// play is one random world: holders with wrong clocks, who take, hold, check,
// are killed and give back, around a store and a network that fail.
type play struct {
	t       *testing.T
	s       *sim
	mu      sync.Mutex // may be taken while s.mu is held, not the other way round
	random  *rand.Rand
	believe map[string]*Lease // by cluster: who has been told that it is theirs
	tokens  map[string]int64
	taken   int
	losses  int
}

func (p *play) chance(n int) bool { return p.n(n) == 0 }

func (p *play) n(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.IntN(n)
}

func (p *play) upTo(d time.Duration) time.Duration { return time.Duration(p.n(int(d))) }

// network loses, delays and refuses, more in some hours than in others.
func (p *play) network(op, _ string) trouble {
	bad := time.Now().Unix()/600%3 == 0 // ten minutes out of thirty
	switch odds := map[bool]int{true: 3, false: 25}[bad]; {
	case p.chance(odds) && p.chance(2):
		return trouble{there: p.upTo(90 * time.Second)}
	case p.chance(odds):
		return trouble{there: p.upTo(time.Second), back: p.upTo(90 * time.Second)}
	case p.chance(odds):
		return trouble{err: errUnavailable}
	case p.chance(odds):
		return trouble{err: errUnavailable, never: true}
	case op == "swap" && p.chance(2*odds):
		return trouble{err: fmt.Errorf("412: %w", fs.ErrExist)}
	}
	return trouble{there: p.upTo(300 * time.Millisecond), back: p.upTo(300 * time.Millisecond)}
}

// wrote is called at the moment that a record changes hands in the store.
func (p *play) wrote(before, after record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if after.Token < before.Token || after.Token > before.Token+1 {
		p.t.Errorf("%s: token %d after %d", after.Cluster, after.Token, before.Token)
	}
	if after.Token == before.Token {
		return
	}
	// Somebody else takes it. Who believed in it must have been told before.
	if l := p.believe[after.Cluster]; l != nil && !l.isLost() {
		p.t.Errorf("%s: %s took it while %s held it and had not been told", after.Cluster, after.Holder.ID, l.k.Holder.ID)
	}
}

// begins is called when a holder is told that clusters are its own.
func (p *play) begins(l *Lease, clusters []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken++
	for _, c := range clusters {
		if other := p.believe[c]; other != nil && !other.isLost() {
			p.t.Errorf("%s: %s and %s both hold it", c, other.k.Holder.ID, l.k.Holder.ID)
		}
		if l.Token(c) <= p.tokens[c] {
			p.t.Errorf("%s: token %d after %d", c, l.Token(c), p.tokens[c])
		}
		p.believe[c], p.tokens[c] = l, l.Token(c)
	}
}

func (p *play) ends(l *Lease, clusters []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range clusters {
		if p.believe[c] == l {
			p.believe[c] = nil
		}
	}
	if l.isLost() {
		p.losses++
	}
}

// run is the life of one holder after another.
func (p *play) run(ctx context.Context, name string) {
	for i := 0; ctx.Err() == nil; i++ {
		k := keeper(p.s, fmt.Sprint(name, i), p.upTo(20*time.Minute)-10*time.Minute)
		clusters := []string{"a", "b", "c"}
		p.mu.Lock()
		p.random.Shuffle(3, func(i, j int) { clusters[i], clusters[j] = clusters[j], clusters[i] })
		p.mu.Unlock()
		clusters = slices.Clone(clusters[:1+p.n(2)])
		began := time.Now()
		wait := p.upTo(10 * time.Minute)
		l, err := k.Take(ctx, account, clusters, wait)
		if took := time.Since(began); took > wait+5*time.Minute {
			p.t.Errorf("a Take that may wait %s took %s", wait, took)
		}
		if err != nil {
			var h *HeldError
			if !errors.As(err, &h) && ctx.Err() == nil && !errors.Is(err, context.Canceled) && sentence(err) == err.Error() {
				p.t.Errorf("an error that does not help: %v", err)
			}
			pass(p.upTo(30 * time.Second))
			continue
		}
		p.begins(l, clusters)
		p.holds(l)
		p.ends(l, clusters)
		if p.chance(4) {
			l.kill()
		} else {
			_ = l.Release(ctx)
		}
	}
}

// holds is a change: it goes on for a while, or until it is told to stop.
func (p *play) holds(l *Lease) {
	end := time.After(p.upTo(8 * time.Minute))
	for {
		select {
		case <-end:
			return
		case <-l.Lost():
			return
		case <-time.After(40 * time.Second):
			if err := l.Check(context.Background()); err == nil && l.isLost() {
				p.t.Error("a Check passed after the loss")
			}
		}
	}
}

// breaks is a person who ends leases now and then.
func (p *play) breaks(ctx context.Context) {
	for ctx.Err() == nil {
		pass(p.upTo(20 * time.Minute))
		_, _ = Break(ctx, p.s, account, []string{"a", "b", "c"}[p.n(3)], "carol", "a test")
	}
}

// More worlds: go test ./gate/lease -run NeverTwo -worlds 1000.
var worlds = flag.Int("worlds", 20, "random schedules of TestNeverTwo")

// Never do two hold one cluster, tokens only grow, and who loses a lease is told
// before anybody else can take it: in random schedules, with clocks that are
// wrong by up to ten minutes, and a network that loses, delays and repeats.
func TestNeverTwo(t *testing.T) {
	worlds := *worlds
	taken, losses := 0, 0
	for seed := range worlds {
		synctest.Test(t, func(t *testing.T) {
			p := &play{t: t, s: newSim(), random: rand.New(rand.NewPCG(uint64(seed), 1)), believe: map[string]*Lease{}, tokens: map[string]int64{}}
			p.s.skew = p.upTo(20*time.Minute) - 10*time.Minute
			p.s.wrote = p.wrote
			p.s.disturb(p.network)
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Hour)
			defer cancel()
			var all sync.WaitGroup
			for i := range 4 {
				all.Go(func() { p.run(ctx, fmt.Sprintf("h%d-", i)) })
			}
			all.Go(func() { p.breaks(ctx) })
			all.Wait()
			p.s.disturb(nil)
			pass(time.Hour)
			// No lease outlives its time: everything can be taken in the end.
			l := take(t, keeper(p.s, "last", 0), "a", "b", "c")
			_ = l.Release(t.Context())
			taken, losses = taken+p.taken, losses+p.losses
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if taken < 50*worlds/2 || losses < worlds {
		t.Errorf("the schedules say nothing: %d leases were taken, %d lost", taken, losses)
	}
	t.Logf("%d leases taken, %d lost", taken, losses)
}

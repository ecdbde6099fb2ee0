// Package awssim simulates the part of AWS that Holdfast reads and Terraform
// changes: EC2, Auto Scaling, ELBv2, STS, CloudTrail's history and objects in S3 behind one
// http.Handler, with a clock that the caller moves. It checks no signatures,
// bills nobody and knows only the actions and fields that a gate or the official
// provider uses.
package awssim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

// DefaultRegion is the region meant by an empty one.
const DefaultRegion = "us-east-1"

// DefaultAccount is the account every World starts with.
const DefaultAccount = "123456789012"

// A World is one AWS account with its regions. It is an http.Handler that
// speaks the Query protocol of every service it simulates, and S3's own; the
// service and the region of a request come from the credential scope of its
// signature. Worlds share nothing, and a World is safe for concurrent use.
type World struct {
	// ChooseVictims, if set, decides whom a group ends in a scale-in: it gets
	// the members the group may choose from and returns ids, the first to die
	// first. What it leaves out follows in the documented order. Set it before
	// the first request.
	ChooseVictims func(group string, candidates []Instance) []string

	// Intercept, if set, sees each request before it is served and may hold it,
	// alter its Params or fill in its Failure. It runs without the World's lock.
	// Set it before the first request.
	Intercept func(*Request)

	mu       sync.Mutex
	account  string
	callers  map[string]string // ARNs by access key
	clock    clock
	timing   Timing
	regions  map[string]*region
	buckets  map[string]*bucket
	runs     bool // lifecycle rules, at midnight
	services map[string]service
	issued   int // ids handed out so far
	knobs    knobs
	lag      lag
	calls    []Call
	trail    trail

	globalCaches []*globalCache
	globalDBs    []*globalDB
}

// New returns an empty World whose clock stands at start.
func New(start time.Time) *World {
	w := &World{
		account: DefaultAccount,
		callers: map[string]string{},
		clock:   clock{now: start.UTC()},
		timing:  DefaultTiming(),
		regions: map[string]*region{},
		buckets: map[string]*bucket{},
		trail:   trail{actors: map[string]Actor{}, human: ConsoleUser("admin")},
	}
	w.services = map[string]service{
		"ec2":                  w.ec2(),
		"autoscaling":          w.autoscaling(),
		"elasticloadbalancing": w.elbv2(),
		"sts":                  w.sts(),
		"iam":                  w.iam(),
		"dynamodb":             w.dynamodb(),
		"lambda":               w.lambda(),
		"pipes":                w.pipes(),
		"dms":                  w.dms(),
		"cloudtrail":           w.cloudtrail(),
		"monitoring":           w.cloudwatch(),
		"rds":                  w.rds(),
		"elasticache":          w.elasticache(),
	}
	return w
}

// SetAccount changes the account that GetCallerIdentity and every ARN name.
func (w *World) SetAccount(id string) {
	defer w.enter()()
	w.account = id
}

// enter takes the lock and lets the clock catch up; the function it returns
// lets go again.
func (w *World) enter() func() {
	w.mu.Lock()
	w.follow()
	return w.mu.Unlock
}

// region returns the region of that name, new if nobody has used it yet.
func (w *World) region(name string) *region {
	if name == "" {
		name = DefaultRegion
	}
	r := w.regions[name]
	if r == nil {
		r = w.newRegion(name)
		w.regions[name] = r
	}
	return r
}

// id returns an identifier nobody has had yet. It depends on nothing but how
// many were handed out before, so equal acts give equal ids, and like real
// ones they do not sort by age.
func (w *World) id(prefix string) string {
	w.issued++
	return prefix + "-0" + digest(prefix, w.issued)[:16]
}

// uuid is id in the form that activities and requests carry.
func (w *World) uuid(kind string) string {
	w.issued++
	d := digest(kind, w.issued)
	return d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:32]
}

func digest(kind string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", kind, n))
	return hex.EncodeToString(sum[:])
}

// arn names a resource of this account.
func (w *World) arn(service string, r *region, resource string) string {
	return "arn:aws:" + service + ":" + r.name + ":" + w.account + ":" + resource
}

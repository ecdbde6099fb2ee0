package awssim

import "time"

// Timing is how long things take in a World. Zero means at once, except where
// a field says otherwise.
type Timing struct {
	Pending      time.Duration // pending -> running
	Checks       time.Duration // running -> status checks ok
	Stopping     time.Duration // stopping -> stopped
	ShuttingDown time.Duration // shutting-down -> terminated
	Detach       time.Duration // into shutting-down until subnet and VPC read empty; zero: not before terminated
	TagsFall     time.Duration // terminated -> its tags are gone (EC2 user guide: they may fall off early)
	Visible      time.Duration // terminated -> no longer listed ("usually less than one hour", EC2 API)
	HealthCheck  time.Duration // EC2 changed -> the group notices (the real interval is not documented)
	React        time.Duration // a group's numbers changed -> it acts
	Initial      time.Duration // target registered -> healthy
	Draining     time.Duration // target deregistered -> gone
	Warmup       time.Duration // member in service -> an instance refresh goes on
	Creating     time.Duration // volume creating -> available, snapshot pending -> completed
	Attaching    time.Duration // volume attaching -> attached
	Detaching    time.Duration // volume detaching -> available
	Modifying    time.Duration // modification of a volume: modifying -> optimizing
	Table        time.Duration // table or replica created, changed or deleted -> it is so
	Mapping      time.Duration // mapping of a function enabling -> Enabled, disabling -> Disabled
	Expiry       time.Duration // items may expire -> they do ("within a few days", DynamoDB developer guide)
	Optimizing   time.Duration // optimizing -> completed ("up to 24 hours", EBS user guide)
	Delivery     time.Duration // something was done -> CloudTrail shows it (aws-semantics 4.1: budget 15 minutes)
}

// DefaultTiming is what a new World has: the order of magnitude AWS shows.
func DefaultTiming() Timing {
	return Timing{
		Pending:      30 * time.Second,
		Checks:       2 * time.Minute,
		Stopping:     30 * time.Second,
		ShuttingDown: time.Minute,
		TagsFall:     20 * time.Minute,
		Visible:      time.Hour,
		HealthCheck:  3 * time.Minute,
		React:        2 * time.Second,
		Initial:      10 * time.Second,
		Draining:     30 * time.Second,
		Warmup:       30 * time.Second,
		Creating:     5 * time.Second,
		Attaching:    15 * time.Second,
		Detaching:    10 * time.Second,
		Modifying:    time.Minute,
		Table:        10 * time.Second,
		Mapping:      10 * time.Second,
		Expiry:       20 * time.Minute,
		Optimizing:   6 * time.Hour,
		Delivery:     15 * time.Minute,
	}
}

// Timing returns how long things take now.
func (w *World) Timing() Timing {
	defer w.enter()()
	return w.timing
}

// SetTiming changes how long things take that begin from now on.
func (w *World) SetTiming(t Timing) {
	defer w.enter()()
	w.timing = t
}

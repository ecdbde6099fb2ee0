// Package aws reads members, groups and their health from AWS, one file per
// service. It only describes: no call of it changes anything, and it decides
// nothing.
package aws

import (
	"context"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// Options says how to read. The zero value reads as any AWS tool does, with
// the environment and the shared files of the user.
type Options struct {
	Now      func() time.Time                  // the clock that ages are measured with; nil means time.Now
	Profile  string                            // profile of the shared files; empty means the environment's
	Load     []func(*config.LoadOptions) error // further options for the SDK, after ours
	PageSize int32                             // most items to ask for at once; zero means as many as each service gives
	Attempts int                               // times to send one request in all; zero means 8
	Backoff  time.Duration                     // longest wait between two of them; zero means 20 s
	Deadline time.Duration                     // longest that reading one region may take; zero means 2 minutes

	Sleep func(context.Context, time.Duration) error // waits between two calls that may not be made at once; nil waits in real time
}

// A Collector reads one account, by the SDK's own credential chain. It
// implements live.Collector and is safe for concurrent use.
type Collector struct {
	o      Options
	cfg    sdk.Config
	err    error // why cfg cannot be used
	states states
}

var _ live.Collector = (*Collector)(nil)

// New prepares a Collector. It cannot fail: settings that cannot be loaded are
// reported by every source of every region.
func New(ctx context.Context, o Options) *Collector {
	o = o.withDefaults()
	c := &Collector{o: o}
	if c.states, c.err = parseStates(statesYAML); c.err != nil {
		return c
	}
	// The SDK's warnings are for programmers; what a user needs to know is in
	// the sources.
	load := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	c.cfg, c.err = config.LoadDefaultConfig(ctx, append(load, o.Load...)...)
	return c
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Attempts == 0 {
		o.Attempts = 8
	}
	if o.Backoff == 0 {
		o.Backoff = 20 * time.Second
	}
	if o.Deadline == 0 {
		o.Deadline = 2 * time.Minute
	}
	return o
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Collect implements live.Collector. What Part.Ask reads has to be read by the
// same deadline.
func (c *Collector) Collect(ctx context.Context, region string, w live.Want) live.Part {
	ctx, cancel := context.WithTimeout(ctx, c.o.Deadline)
	defer cancel()
	r := newReading(c, region, w)
	if f := c.ready(ctx); f != nil {
		for _, s := range r.sources() {
			s.fail(*f)
		}
		return r.part()
	}
	r.read(ctx, w)
	p := r.part()
	if until, _ := ctx.Deadline(); !w.Brief {
		p.Ask = func(ctx context.Context, groups []string) live.Part {
			ctx, cancel := context.WithDeadline(ctx, until)
			defer cancel()
			return r.ask(ctx, groups)
		}
	}
	return p
}

// ready says why nothing can be read at all, if so. It asks for the
// credentials once, up front: a chain that yields none would otherwise fail
// every request in words that name no remedy.
func (c *Collector) ready(ctx context.Context) *fault {
	if c.err != nil {
		return &fault{gate.ProblemFailed, "the AWS settings cannot be loaded: check AWS_PROFILE and the shared config file"}
	}
	if c.cfg.Credentials == nil {
		return &fault{gate.ProblemCredentials, noCredentials}
	}
	if _, err := c.cfg.Credentials.Retrieve(ctx); err != nil {
		if ctx.Err() != nil {
			f := interrupted(ctx, "the AWS credentials")
			return &f
		}
		return &fault{gate.ProblemCredentials, noCredentials}
	}
	return nil
}

const noCredentials = "no usable AWS credentials were found: check with `aws sts get-caller-identity`"

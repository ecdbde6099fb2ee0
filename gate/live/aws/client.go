package aws

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/time/rate"
)

// atOnce is how many calls of one service run at the same time in one region
// (aws-semantics 3.4): the rate limits are shared with the console and with
// terraform.
const atOnce = 4

// EC2 lets an account send 100 describing requests at once to one region, and
// 20 more a second, to everybody in it together (EC2 API throttling); the other
// services do not say. Most is left to the others as long as little is read.
const (
	perSecond = 20
	burst     = 80
)

// clients is the services of one region that are read for more than one reason;
// each is made when it is first used. Each has a retryer of its own, since the
// rate limiter in it is meant for one service in one region.
type clients struct {
	sts func() *sts.Client
	ec2 func() *ec2.Client
	asg func() *autoscaling.Client
	elb func() *elasticloadbalancingv2.Client
}

func (c *Collector) clients(region string) clients {
	return clients{
		sts: sync.OnceValue(func() *sts.Client { return sts.NewFromConfig(c.settings(region, wholeQuery)) }),
		ec2: sync.OnceValue(func() *ec2.Client { return ec2.NewFromConfig(c.settings(region, wholeQuery)) }),
		asg: sync.OnceValue(func() *autoscaling.Client { return autoscaling.NewFromConfig(c.settings(region, wholeQuery)) }),
		elb: sync.OnceValue(func() *elasticloadbalancingv2.Client {
			return elasticloadbalancingv2.NewFromConfig(c.settings(region, wholeQuery))
		}),
	}
}

// settings is called once for each client, so that each has its own. whole says
// what an answer of that service looks like.
func (c *Collector) settings(region string, whole wholeness) sdk.Config {
	cfg := c.cfg.Copy()
	if cfg.HTTPClient == nil { // the usual case: each service would make its own
		cfg.HTTPClient = awshttp.NewBuildableClient()
	}
	cfg.Region, cfg.HTTPClient = region, bodyKeeper{cfg.HTTPClient}
	cfg.Retryer, cfg.RetryMaxAttempts = retryer(c.o.Attempts, c.o.Backoff), 0
	turns := make(chan struct{}, atOnce)
	cfg.APIOptions = append(cfg.APIOptions[:len(cfg.APIOptions):len(cfg.APIOptions)], inTurns(turns), counted, paced(rate.NewLimiter(perSecond, burst)), checked(whole))
	return cfg
}

// retryer returns the maker of one retryer for one client. Adaptive mode slows
// down after the first throttled request and may sleep: the deadline of the
// context is what ends it.
func retryer(attempts int, backoff time.Duration) func() sdk.Retryer {
	one := retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = append(o.StandardOptions, func(s *retry.StandardOptions) {
			s.MaxAttempts = attempts
			s.MaxBackoff = backoff
			// Who stands between us and AWS says 429 without AWS's words for it.
			s.Retryables = append(s.Retryables, retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}})
		})
	})
	return func() sdk.Retryer { return one }
}

// inTurns lets a call wait until fewer than cap(turns) others are under way.
func inTurns(turns chan struct{}) func(*middleware.Stack) error {
	wait := middleware.InitializeMiddlewareFunc("HoldfastInTurns", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, m middleware.Metadata, err error) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
			return next.HandleInitialize(ctx, in)
		case <-ctx.Done():
			return out, m, ctx.Err()
		}
	})
	return func(s *middleware.Stack) error { return s.Initialize.Add(wait, middleware.Before) }
}

// bodyKeeper sends requests with a body of their own. The SDK closes a body as
// soon as the answer begins (smithy-go transport/http.ClientHandler), and where
// that is before the transport has seen its end, as happens with an endpoint on
// the same machine, the connection breaks in the middle of the answer.
type bodyKeeper struct{ sdk.HTTPClient }

func (k bodyKeeper) Do(req *http.Request) (*http.Response, error) {
	if req.Body == nil {
		return k.HTTPClient.Do(req)
	}
	b, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	own := *req
	own.Body = io.NopCloser(bytes.NewReader(b))
	return k.HTTPClient.Do(&own)
}

type callsKey struct{}

// counting returns a context under which every request sent adds one to calls.
func counting(ctx context.Context, calls *atomic.Int64) context.Context {
	return context.WithValue(ctx, callsKey{}, calls)
}

// counted counts requests, retries included: it stands inside the retry loop.
func counted(s *middleware.Stack) error {
	count := middleware.FinalizeMiddlewareFunc("HoldfastCount", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if calls, ok := ctx.Value(callsKey{}).(*atomic.Int64); ok {
			calls.Add(1)
		}
		return next.HandleFinalize(ctx, in)
	})
	return s.Finalize.Insert(count, "Retry", middleware.After)
}

// paced lets no more requests out than a limiter allows, retries included: who
// has hundreds of groups to ask about waits here, and nobody is throttled.
func paced(limit *rate.Limiter) func(*middleware.Stack) error {
	wait := middleware.FinalizeMiddlewareFunc("HoldfastPace", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, m middleware.Metadata, err error) {
		if err := limit.Wait(ctx); err != nil {
			return out, m, cmp.Or(ctx.Err(), context.DeadlineExceeded)
		}
		return next.HandleFinalize(ctx, in)
	})
	return func(s *middleware.Stack) error { return s.Finalize.Insert(wait, "Retry", middleware.After) }
}

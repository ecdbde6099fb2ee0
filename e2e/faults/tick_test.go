package faults

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/aws/smithy-go/middleware"
)

// The SDK's adaptive retryer waits for its rate limiter in a loop, for as long
// as the limiter says, which by rounding may be nothing at all. Where only
// waiting moves the clock, that loop never ends; on a real clock it spins for
// some nanoseconds. So whoever looks at the context there waits a microsecond.

// ticking is a context that takes time to look at while outside is true.
type ticking struct {
	context.Context
	outside *atomic.Bool
}

// Done implements context.Context.
func (c ticking) Done() <-chan struct{} {
	if c.outside.Load() {
		<-time.After(time.Microsecond)
	}
	return c.Context.Done()
}

// ticks puts a ticking context around the retryer, but not around the attempts.
func ticks(s *middleware.Stack) error {
	type key struct{}
	around := middleware.FinalizeMiddlewareFunc("TicksAround", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		outside := new(atomic.Bool)
		outside.Store(true)
		return next.HandleFinalize(context.WithValue(ticking{ctx, outside}, key{}, outside), in)
	})
	within := middleware.FinalizeMiddlewareFunc("TicksWithin", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		outside, ok := ctx.Value(key{}).(*atomic.Bool)
		if ok {
			outside.Store(false)
			defer outside.Store(true)
		}
		return next.HandleFinalize(ctx, in)
	})
	if err := s.Finalize.Insert(around, "Retry", middleware.Before); err != nil {
		return err
	}
	return s.Finalize.Insert(within, "Retry", middleware.After)
}

package faults

import (
	"context"
	"time"

	"github.com/aws/smithy-go/middleware"
)

// The SDK's adaptive retryer waits for its rate limiter in a loop, for as long
// as the limiter says, which by rounding may be nothing at all. Where only
// waiting moves the clock, that loop never ends; on a real clock it spins for
// some nanoseconds. So whoever looks at the context there waits a microsecond.

// ticking is a context that takes time to look at.
type ticking struct{ context.Context }

// Done implements context.Context.
func (c ticking) Done() <-chan struct{} {
	<-time.After(time.Microsecond)
	return c.Context.Done()
}

// still is a context with the values of another.
type still struct {
	context.Context
	values context.Context
}

// Value implements context.Context.
func (c still) Value(key any) any { return c.values.Value(key) }

// ticks puts a ticking context around the retryer, but not around the attempts.
func ticks(s *middleware.Stack) error {
	type key struct{}
	around := middleware.FinalizeMiddlewareFunc("TicksAround", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		return next.HandleFinalize(context.WithValue(ticking{ctx}, key{}, ctx), in)
	})
	within := middleware.FinalizeMiddlewareFunc("TicksWithin", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if base, ok := ctx.Value(key{}).(context.Context); ok {
			ctx = still{base, ctx}
		}
		return next.HandleFinalize(ctx, in)
	})
	if err := s.Finalize.Insert(around, "Retry", middleware.Before); err != nil {
		return err
	}
	return s.Finalize.Insert(within, "Retry", middleware.After)
}

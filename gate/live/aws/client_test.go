package aws

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/smithy-go/middleware"
)

// The rate limits are shared with the console and with terraform itself.
func TestFewCallsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := make(chan struct{}, atOnce)
		var inside, done, gaveUp atomic.Int64
		leave := make(chan struct{})
		call := middleware.HandlerFunc(func(context.Context, any) (any, middleware.Metadata, error) {
			inside.Add(1)
			defer inside.Add(-1)
			<-leave
			return nil, middleware.Metadata{}, nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 * atOnce {
			// The SDK builds a stack for every call.
			stack := middleware.NewStack("test", func() any { return nil })
			if err := inTurns(turns)(stack); err != nil {
				t.Fatal(err)
			}
			go func() {
				_, _, err := stack.Initialize.HandleMiddleware(ctx, nil, call)
				if errors.Is(err, context.Canceled) {
					gaveUp.Add(1)
				}
				done.Add(1)
			}()
		}
		synctest.Wait()
		if got := inside.Load(); got != atOnce {
			t.Errorf("calls at once: got %d, want %d", got, atOnce)
		}
		for range atOnce {
			leave <- struct{}{}
		}
		synctest.Wait()
		if got := inside.Load(); got != atOnce {
			t.Errorf("calls at once when some are done: got %d, want %d", got, atOnce)
		}
		// Whoever still waits when the deadline comes does not call at all.
		cancel()
		synctest.Wait()
		if got := gaveUp.Load(); got != atOnce {
			t.Errorf("calls given up: got %d, want %d", got, atOnce)
		}
		close(leave)
		synctest.Wait()
		if got := done.Load(); got != 3*atOnce {
			t.Errorf("calls ended: got %d, want %d", got, 3*atOnce)
		}
	})
}

package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/smithy-go"
)

const (
	// pollEvery is short, since a simulated world moves as fast as it is asked to.
	pollEvery = 20 * time.Millisecond
	// patience is how long a wait lasts in real time. A world whose clock stands
	// still never gets there, and then the wait must end with an error.
	patience = 60 * time.Second
)

// wait polls until done reports true, or fails, or patience ends.
func wait(ctx context.Context, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		ok, err := done(ctx)
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// isCode reports whether err is the API's error of that code.
func isCode(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code
}

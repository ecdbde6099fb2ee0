package pipeline

import (
	"context"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// Plan runs terraform plan with the user's words and judges what it made.
func (w *Wrapper) Plan(ctx context.Context, words []string) (int, error) {
	fromEnv, err := terraform.EnvWords(w.Env, "plan")
	if err != nil {
		return 1, err
	}
	args, err := terraform.ParsePlan(append(fromEnv, words...))
	if err != nil {
		return 1, err
	}
	call := terraform.PlanCall{Words: words, NoColor: w.NoColor && !args.NoColor}
	file := args.Out
	if file == "" {
		temp, remove, err := tempPlan()
		if remove != nil {
			defer remove()
		}
		if err != nil {
			return 1, err
		}
		file, call.Out = temp, temp
	}
	code := 0
	d, err := w.decide(ctx, func() (*gate.Plan, error) {
		var err error
		// Exit status 2 means changes where -detailed-exitcode was given. What
		// the plan does is read from the plan, never from this number.
		if code, err = w.Tool.Plan(call); err != nil {
			return nil, err
		}
		if code != 0 && code != 2 {
			return nil, exited(code)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return w.made(ctx, file, args)
	})
	if err != nil {
		return status(err)
	}
	if err := w.Report(w.attributed(d.Verdict)); err != nil {
		return 1, err
	}
	if !d.Decision.Permits() && !w.Config.Observe {
		return 1, nil
	}
	return code, nil
}

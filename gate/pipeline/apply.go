package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// Apply is terraform apply, or destroy, with the gate in the middle.
func (w *Wrapper) Apply(ctx context.Context, verb string, words []string) (int, error) {
	fromEnv, err := terraform.EnvWords(w.Env, verb)
	if err != nil {
		return 1, err
	}
	args, err := terraform.ParseApply(verb, append(fromEnv, words...))
	if err != nil {
		return 1, err
	}
	w.recall = w.remember
	if args.File != "" {
		return w.applySaved(ctx, verb, words, args)
	}
	if w.Given != nil {
		return 1, errors.New("a verdict is about one plan file, and none was given to apply\nApply the plan file that was judged, or leave --verdict out")
	}
	if args.JSON && !args.AutoApprove {
		return 1, errors.New("plan file or auto-approve required: nobody can be asked when -json is set\nApply a saved plan file, or add -auto-approve; the gate still decides")
	}
	return w.applyNew(ctx, args)
}

// applySaved judges the plan file that the user made before and has terraform
// apply that very file.
func (w *Wrapper) applySaved(ctx context.Context, verb string, words []string, args terraform.Args) (int, error) {
	own, err := terraform.ParseApply(verb, words)
	if err != nil {
		return 1, err
	}
	// Terraform ignores -target here without a word and applies everything.
	if len(own.Fixed) > 0 {
		return 1, fmt.Errorf("%s cannot be given with a plan file: the plan has already answered it\n"+
			"Plan again with it, or leave it out; an ephemeral variable can be set as TF_VAR_name", strings.Join(slices.Compact(own.Fixed), ", "))
	}
	d, err := w.decide(ctx, func() (*gate.Plan, error) { return w.saved(ctx, w.local(args.File)) })
	if err != nil {
		return status(err)
	}
	if w.Given != nil {
		// The recheck does so again; here it keeps from saying first that a plan is
		// allowed which is not.
		d.input.Given = w.Given.Given()
		d.Verdict = w.Evaluate(d.input)
	}
	return w.change(ctx, change{file: args.File, decision: d, call: terraform.ApplyCall{Words: words, NoColor: w.NoColor && !args.NoColor}})
}

// applyNew has terraform make the plan, with everything the user said about
// it, and apply it once the gate and the user agree.
func (w *Wrapper) applyNew(ctx context.Context, args terraform.Args) (int, error) {
	recorded, err := w.before(ctx, args)
	if err != nil {
		return status(err)
	}
	file, remove, err := tempPlan()
	if remove != nil {
		defer remove()
	}
	if err != nil {
		return 1, err
	}
	noColor := w.NoColor && !args.NoColor
	// The words of TF_CLI_ARGS_apply are in args by now, each for the call it
	// belongs to: what makes the plan is an error where a plan is applied.
	planCall := terraform.PlanCall{Words: args.Plan, Out: file, NoColor: noColor, Detail: true, Bare: true}
	code := 0
	d, err := w.decide(ctx, func() (*gate.Plan, error) {
		var err error
		if code, err = w.Tool.Plan(planCall); err != nil {
			return nil, err
		}
		if code != 0 && code != 2 {
			return nil, exited(code)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		plan, err := w.made(ctx, file, args)
		recorded.join(plan, w.Now())
		return plan, err
	})
	if err != nil {
		return status(err)
	}
	c := change{file: file, decision: d, call: terraform.ApplyCall{Words: args.Apply, File: file, NoColor: noColor, Bare: true}}
	// As in terraform, a plan without changes is applied without a question.
	asks := !args.AutoApprove && !trivial(d.input.Plan, code)
	if !asks && len(args.Vars) == 0 {
		return w.change(ctx, c)
	}
	version, err := w.version(ctx, file, d.input.Plan)
	if err != nil {
		return 1, err
	}
	if version.VarsWithPlan() {
		c.call.Words = append(slices.Clone(args.Apply), args.Vars...)
	}
	if asks {
		c.confirm = func() (int, error) {
			return w.confirm(ctx, question(version.Product, d.input.Plan.Workspace, args), args)
		}
	}
	return w.change(ctx, c)
}

// version is what made a plan file, and which release of it: as the file says, else
// as it says itself, for which a process has to be started.
func (w *Wrapper) version(ctx context.Context, path string, plan *gate.Plan) (terraform.Version, error) {
	if product, err := w.maker(w.local(path)); err == nil {
		if v, err := terraform.NewVersion(product, plan.TerraformVersion); err == nil {
			return v, nil
		}
	}
	return w.Tool.Version(ctx)
}

func (w *Wrapper) maker(path string) (string, error) {
	if w.Maker == nil {
		return "", errors.New("no plan file is read here")
	}
	file, err := open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	return w.Maker(file, info.Size())
}

// trivial reports whether there is nothing to apply. OpenTofu's plans do not
// say, but its exit status does; as wrappers turn that into 0, it is believed
// only of a plan in which no change is found either.
func trivial(plan *gate.Plan, code int) bool {
	if plan.Applyable != gate.TriUnknown {
		return plan.Applyable == gate.No
	}
	return code == 0 && len(plan.Actions) == 0 && len(plan.Deferred) == 0 &&
		!slices.ContainsFunc(plan.Changes, func(c gate.Change) bool { return c.Action != gate.NoOp })
}

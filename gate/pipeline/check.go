package pipeline

import (
	"context"
	"io"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check judges a plan file, or the JSON of one, and returns the verdict. path
// "-" is JSON on stdin.
func (g *Gate) Check(ctx context.Context, path string, stdin io.Reader) (gate.Verdict, error) {
	plan, err := g.Load(ctx, path, stdin)
	if err != nil {
		return gate.Verdict{}, err
	}
	d, err := g.decide(ctx, func() (*gate.Plan, error) { return plan, nil })
	if err != nil {
		return d.Verdict, err
	}
	return g.attributed(d.Verdict), nil
}

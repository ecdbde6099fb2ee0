package cli

import (
	"context"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/pipeline"
)

// A historian can also tell who did what.
type historian interface {
	StartTrail(ctx context.Context, regions []string, known aws.Rules) *aws.Trail
}

// trail returns what begins to read who did what. It is by the collector that read
// the members, so that the user's credentials are asked for once.
func (g *global) trail(cfg *gate.Config) func(context.Context, []string) pipeline.Trail {
	return func(ctx context.Context, regions []string) pipeline.Trail {
		if len(regions) == 0 {
			return nil
		}
		h, ok := g.last.(historian)
		if !ok {
			return nil
		}
		return h.StartTrail(ctx, regions, aws.Rules{Owners: cfg.Owners, Humans: cfg.Humans})
	}
}

package aws

import (
	"context"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	pipestypes "github.com/aws/aws-sdk-go-v2/service/pipes/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// readPipes reads which pipes read streams of the tables, those too that a
// table had before.
func (t tables) readPipes(ctx context.Context, s *source) {
	client := pipes.NewFromConfig(t.settings(t.region, wholeJSONWith(map[string]string{"ListPipes": "Pipes"})))
	t.each(func(_ string, d *gate.DataStore) {
		in := &pipes.ListPipesInput{SourcePrefix: sdk.String(d.ARN + "/stream/"), Limit: t.pageSize(100)}
		p := pipes.NewListPipesPaginator(client, in)
		page, err := pages(ctx, s, p.HasMorePages,
			func(ctx context.Context) (*pipes.ListPipesOutput, error) { return p.NextPage(ctx) },
			func(out *pipes.ListPipesOutput) *string {
				for _, pipe := range out.Pipes {
					if readsStreamOf(sdk.ToString(pipe.Source), d) {
						t.link(d, gate.Link{To: "peer", Kind: gate.LinkPipe, Peer: sdk.ToString(pipe.Name), State: string(pipe.CurrentState), Active: flows(pipe), Detail: strings.TrimSpace("to " + sdk.ToString(pipe.Target))})
					}
				}
				return out.NextToken
			})
		if err != nil {
			s.fail(onPage(page, explain(ctx, "pipes:ListPipes", t.region, err)))
		}
	})
}

// flows says of a pipe whether changes come through it, or may any moment. One
// that is stopped and wanted running is about to start.
func flows(p pipestypes.Pipe) gate.Tri {
	switch p.CurrentState {
	case pipestypes.PipeStateStopped:
		if p.DesiredState == pipestypes.RequestedPipeStateStopped {
			return gate.No
		}
	case pipestypes.PipeStateCreateFailed:
		return gate.No
	case pipestypes.PipeStateRunning, pipestypes.PipeStateStarting, pipestypes.PipeStateStopping, pipestypes.PipeStateUpdating, pipestypes.PipeStateCreating, pipestypes.PipeStateDeleting:
		return gate.Yes
	}
	// Another state says that something failed, and not that nothing flows.
	return gate.TriUnknown
}

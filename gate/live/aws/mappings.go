package aws

import (
	"context"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/holdfast-gate/holdfast/gate"
)

// readMappings reads which functions read streams of the tables. A stream that
// was closed and opened again has another ARN, and the call filters only by a
// whole one, so all mappings of the region are read.
func (t tables) readMappings(ctx context.Context, s *source) {
	if len(t.stores) == 0 {
		return
	}
	client := lambda.NewFromConfig(t.settings(t.region, wholeJSONWith(map[string]string{"ListEventSourceMappings": "EventSourceMappings"})))
	p := lambda.NewListEventSourceMappingsPaginator(client, &lambda.ListEventSourceMappingsInput{MaxItems: t.pageSize(100)})
	page, err := pages(ctx, s, p.HasMorePages,
		func(ctx context.Context) (*lambda.ListEventSourceMappingsOutput, error) { return p.NextPage(ctx) },
		func(out *lambda.ListEventSourceMappingsOutput) *string {
			for _, m := range out.EventSourceMappings {
				for _, d := range t.sortedStores() {
					if readsStreamOf(sdk.ToString(m.EventSourceArn), d) {
						t.link(d, gate.Link{To: "peer", Kind: gate.LinkMapping, Peer: functionOf(sdk.ToString(m.FunctionArn)), State: sdk.ToString(m.State), Active: delivers(sdk.ToString(m.State)), Detail: sdk.ToString(m.UUID)})
					}
				}
			}
			return out.NextMarker
		})
	if err != nil {
		s.fail(onPage(page, explain(ctx, "lambda:ListEventSourceMappings", t.region, err)))
	}
}

// delivers says of a mapping's state whether changes come through it, or may
// any moment (Lambda API, EventSourceMappingConfiguration).
func delivers(state string) gate.Tri {
	switch state {
	case "Disabled":
		return gate.No
	case "Creating", "Enabling", "Enabled", "Disabling", "Updating", "Deleting":
		return gate.Yes
	}
	// A state nobody has classed may be one that delivers.
	return gate.TriUnknown
}

// functionOf is the name of a function in its ARN.
func functionOf(arn string) string { return "function " + arn[strings.LastIndex(arn, ":")+1:] }

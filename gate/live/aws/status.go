package aws

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// readStatus reads status checks and scheduled events of everybody who is not
// terminated. The call knows no tag filter, and by default it leaves out
// everybody who is not running.
func (r *reading) readStatus(ctx context.Context) {
	var ids []string
	for id, i := range r.ec2 {
		if stateOf(i) != string(ec2types.InstanceStateNameTerminated) {
			ids = append(ids, id)
		}
	}
	b := batches{reading: r, source: &r.status, call: "ec2:DescribeInstanceStatus", read: r.describeStatus,
		// A running member without checks is not counted (see members), so
		// nothing more is to be noted.
		unread: func([]string) {},
	}
	b.all(ctx, unseen(r.checked, ids))
}

func (r *reading) describeStatus(ctx context.Context, ids []string, more ...func(*ec2.Options)) error {
	p := ec2.NewDescribeInstanceStatusPaginator(r.clients.ec2(), &ec2.DescribeInstanceStatusInput{
		InstanceIds:             ids,
		IncludeAllInstances:     sdk.Bool(true),
		IncludeManagedResources: sdk.Bool(true),
	})
	_, err := pages(ctx, &r.status, p.HasMorePages,
		func(ctx context.Context) (*ec2.DescribeInstanceStatusOutput, error) { return p.NextPage(ctx, more...) },
		func(out *ec2.DescribeInstanceStatusOutput) *string {
			r.mu.Lock()
			defer r.mu.Unlock()
			if now, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok && now.After(r.latest) {
				r.latest = now
			}
			for _, s := range out.InstanceStatuses {
				r.checks[sdk.ToString(s.InstanceId)] = s
			}
			return out.NextToken
		})
	return err
}

func stateOf(i ec2types.Instance) string {
	if i.State == nil {
		return ""
	}
	return string(i.State.Name)
}

package stage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// A Console is a human with the AWS console: the one who changes things behind
// Terraform's back.
type Console struct {
	ec2    *ec2.Client
	groups *autoscaling.Client

	balancers *elb.Client
	databases *rds.Client
}

// A Member is an instance as the console shows it.
type Member struct {
	ID        string
	State     string // EC2's
	Lifecycle string // in its group; empty if it is in none
	Launched  time.Time
	Tags      map[string]string
}

// Serving reports whether the member does its work: it runs, and the group it
// may be in has it in service.
func (m Member) Serving() bool {
	return m.State == string(ec2types.InstanceStateNameRunning) && (m.Lifecycle == "" || m.Lifecycle == "InService")
}

// consoleKey is the access key that the console's requests are signed with.
const consoleKey = "console"

// Console opens the stage's console.
func (s *Stage) Console() *Console {
	config := aws.Config{
		Region:       Region,
		BaseEndpoint: &s.URL,
		Credentials:  credentials.NewStaticCredentialsProvider(consoleKey, consoleKey, ""),
		HTTPClient:   awshttp.NewBuildableClient(),
	}
	return &Console{ec2: ec2.NewFromConfig(config), groups: autoscaling.NewFromConfig(config), balancers: elb.NewFromConfig(config), databases: rds.NewFromConfig(config)}
}

// Members lists every instance there ever was, as long as EC2 shows it, the
// oldest first: that order is how scenarios name them.
func (c *Console) Members(ctx context.Context) ([]Member, error) {
	lifecycle, err := c.lifecycles(ctx)
	if err != nil {
		return nil, err
	}
	var members []Member
	pages := ec2.NewDescribeInstancesPaginator(c.ec2, &ec2.DescribeInstancesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, reservation := range page.Reservations {
			for _, i := range reservation.Instances {
				id := aws.ToString(i.InstanceId)
				m := Member{ID: id, State: string(i.State.Name), Lifecycle: lifecycle[id], Launched: aws.ToTime(i.LaunchTime), Tags: map[string]string{}}
				for _, t := range i.Tags {
					m.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
				}
				members = append(members, m)
			}
		}
	}
	slices.SortStableFunc(members, func(a, b Member) int {
		return cmp.Or(a.Launched.Compare(b.Launched), cmp.Compare(a.ID, b.ID))
	})
	return members, nil
}

// lifecycles says how each group sees its members. The latter are few enough
// for one page.
func (c *Console) lifecycles(ctx context.Context) (map[string]string, error) {
	out, err := c.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	if err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, g := range out.AutoScalingGroups {
		for _, m := range g.Instances {
			states[aws.ToString(m.InstanceId)] = string(m.LifecycleState)
		}
	}
	return states, nil
}

// group is the name of the only group.
func (c *Console) group(ctx context.Context) (*string, error) {
	out, err := c.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	if err != nil {
		return nil, err
	}
	if len(out.AutoScalingGroups) != 1 {
		return nil, fmt.Errorf("there are %d groups, not one", len(out.AutoScalingGroups))
	}
	return out.AutoScalingGroups[0].AutoScalingGroupName, nil
}

// Scale sets the desired capacity of the only group.
func (c *Console) Scale(ctx context.Context, size int) error {
	name, err := c.group(ctx)
	if err != nil {
		return err
	}
	_, err = c.groups.SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: name, DesiredCapacity: aws.Int32(int32(size))})
	return err
}

// Refresh starts an instance refresh of the only group.
func (c *Console) Refresh(ctx context.Context) error {
	name, err := c.group(ctx)
	if err != nil {
		return err
	}
	_, err = c.groups.StartInstanceRefresh(ctx, &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: name})
	return err
}

// Subnet returns the id of a subnet.
func (c *Console) Subnet(ctx context.Context) (string, error) {
	out, err := c.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
	if err != nil {
		return "", err
	}
	if len(out.Subnets) == 0 {
		return "", errors.New("there is no subnet")
	}
	return aws.ToString(out.Subnets[0].SubnetId), nil
}

// Terminate ends instances through EC2: a group they are in is not told.
func (c *Console) Terminate(ctx context.Context, ids ...string) error {
	_, err := c.ec2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids})
	return err
}

// Launch makes instances by hand, like another that is there: with its type,
// subnet and tags, from an image that may be another.
func (c *Console) Launch(ctx context.Context, n int, like, image string) error {
	out, err := c.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{like}})
	if err != nil {
		return err
	}
	if len(out.Reservations) != 1 || len(out.Reservations[0].Instances) != 1 {
		return fmt.Errorf("there is no instance %s", like)
	}
	old := out.Reservations[0].Instances[0]
	_, err = c.ec2.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: &image, InstanceType: old.InstanceType, SubnetId: old.SubnetId,
		MinCount: aws.Int32(int32(n)), MaxCount: aws.Int32(int32(n)),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeInstance, Tags: old.Tags}},
	})
	return err
}

// Stop stops instances.
func (c *Console) Stop(ctx context.Context, ids ...string) error {
	_, err := c.ec2.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: ids})
	return err
}

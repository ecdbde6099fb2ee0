package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lazy"
	"github.com/holdfast-gate/holdfast/gate/live"
)

const (
	callInstances = "ec2:DescribeInstances"
	groupTag      = "aws:autoscaling:groupName" // set by the service on every instance of a group
	pageInstances = 1000                        // most that MaxResults allows (EC2 API)
	batchIDs      = 100                         // most ids in one DescribeInstanceStatus (EC2 API); used for both calls
	batchValues   = 200                         // most values of the filters of one request (EC2 API)
)

// instancesByTag finds instances by the wanted tags, in every state: those who
// are going are the ones looked for, so no filter on the state may ever stand
// here.
func (r *reading) instancesByTag(ctx context.Context, w live.Want) {
	var filters []ec2types.Filter
	var keys []string
	for _, t := range w.Tags {
		if t.Any() {
			keys = append(keys, t.Key)
			continue
		}
		for values := range slices.Chunk(t.Values, batchValues) {
			filters = append(filters, filter("tag:"+t.Key, values))
		}
	}
	if w.All {
		keys = append(keys, live.ClusterTag, groupTag)
	}
	for values := range slices.Chunk(keys, batchValues) {
		filters = append(filters, filter("tag-key", values))
	}
	each(filters, func(f ec2types.Filter) { r.instancesBy(ctx, f) })
}

// instancesOfGroups finds instances by the tag that groups put on them: the
// ones a group has already let go of, or not taken in yet, are not in its list.
func (r *reading) instancesOfGroups(ctx context.Context, names []string) {
	each(slices.Collect(slices.Chunk(names, batchValues)), func(some []string) {
		r.instancesBy(ctx, filter("tag:"+groupTag, some))
	})
}

// literal takes the meaning of wildcards from a filter's value.
var literal = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)

func filter(name string, values []string) ec2types.Filter {
	f := ec2types.Filter{Name: &name}
	for _, v := range values {
		f.Values = append(f.Values, literal.Replace(v))
	}
	return f
}

func (r *reading) instancesBy(ctx context.Context, f ec2types.Filter) {
	page, err := r.describe(ctx, &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{f}, MaxResults: r.pageSize(pageInstances)})
	if err != nil {
		r.instances.fail(onPage(page, explain(ctx, callInstances, r.region, err)))
	}
}

// pageSize is the most items to ask for at once, where the service gives most.
func (r *reading) pageSize(most int32) *int32 {
	if r.o.PageSize > 0 {
		most = min(most, r.o.PageSize)
	}
	return &most
}

// onPage says which page a fault is about, when it is not the first.
func onPage(page int, f fault) fault {
	if page > 1 {
		f.text = fmt.Sprintf("page %d of %s", page, f.text)
	}
	return f
}

// describe reads instances and keeps them. Managed resources are included: EKS
// and ECS hide theirs by default, and hidden members would count as none.
func (r *reading) describe(ctx context.Context, in *ec2.DescribeInstancesInput, more ...func(*ec2.Options)) (int, error) {
	in.IncludeManagedResources = sdk.Bool(true)
	p := ec2.NewDescribeInstancesPaginator(r.clients.ec2(), in)
	return pages(ctx, &r.instances, p.HasMorePages,
		func(ctx context.Context) (*ec2.DescribeInstancesOutput, error) { return p.NextPage(ctx, more...) },
		func(out *ec2.DescribeInstancesOutput) *string {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, reservation := range out.Reservations {
				for _, i := range reservation.Instances {
					id := sdk.ToString(i.InstanceId)
					if r.elsewhere(i) {
						r.instances.fail(misplaced(callInstances, r.region, id+" in another region"))
					}
					r.noteState(id, stateOf(i))
					r.ec2[id] = i
					r.tagged[id] = r.tagged[id] || len(in.Filters) > 0
				}
			}
			return out.NextToken
		})
}

// noteState notes that an answer gave an instance a state. The caller holds
// r.mu.
func (r *reading) noteState(id, state string) {
	if !slices.Contains(r.said[id], state) {
		r.said[id] = append(r.said[id], state)
	}
}

// instancesNamed returns the ids that something named and EC2 has not shown:
// the recorded ones, those of groups and those of target groups.
func (r *reading) instancesNamed(w live.Want) []string {
	ids := slices.Clone(w.Instances)
	for id := range r.seats {
		ids = append(ids, id)
	}
	for _, targets := range r.health {
		for id := range targets {
			if isInstance(id) {
				ids = append(ids, id)
			}
		}
	}
	return slices.DeleteFunc(ids, func(id string) bool { _, known := r.ec2[id]; return known })
}

// isInstance tells instances from the other targets a target group can have:
// addresses, functions and load balancers.
func isInstance(target string) bool { return strings.HasPrefix(target, "i-") }

func (r *reading) instancesByID(ctx context.Context, ids []string) {
	b := batches{reading: r, source: &r.instances, call: callInstances,
		read: func(ctx context.Context, ids []string, o ...func(*ec2.Options)) error {
			_, err := r.describe(ctx, &ec2.DescribeInstancesInput{InstanceIds: ids}, o...)
			return err
		},
		unread: func(ids []string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, id := range ids {
				r.unread[id] = true
			}
		},
	}
	b.all(ctx, ids)
}

// batches reads things by the ids of instances or volumes, a hundred at a time.
type batches struct {
	*reading
	source *source
	call   string
	read   func(context.Context, []string, ...func(*ec2.Options)) error
	unread func([]string) // told of ids that no answer came for
}

func (b batches) all(ctx context.Context, ids []string) {
	each(slices.Collect(slices.Chunk(ids, batchIDs)), func(some []string) { b.some(ctx, some) })
}

// some reads one batch. A batch with one id in it that cannot be read fails as
// a whole: because the instance is gone from the records, which is an answer,
// or because its zone is disrupted (EC2 API, DescribeInstances), which is not.
// Then it is cut down until only the ids without an answer are left.
func (b batches) some(ctx context.Context, ids []string, o ...func(*ec2.Options)) {
	if len(ids) == 0 {
		return
	}
	err := b.read(ctx, ids, o...)
	if err == nil {
		return
	}
	code := codeOf(err)
	if code == "InvalidInstanceID.NotFound" || code == "InvalidInstanceID.Malformed" || code == "InvalidVolume.NotFound" {
		// An answer came: there is no such instance, or volume.
		b.source.got()
		if left := without(ids, err.Error()); len(left) < len(ids) {
			b.some(ctx, left, o...)
		} else if len(ids) > 1 {
			b.halves(ctx, ids)
		}
		return
	}
	f := explain(ctx, b.call, b.region, err)
	// Only a service that answers can be better about fewer ids.
	if f.problem == gate.ProblemFailed && code != "" && len(ids) > 1 {
		b.halves(ctx, ids)
		return
	}
	b.source.fail(f)
	b.unread(ids)
}

// halves does not retry: what fails for one disrupted zone would otherwise be
// asked for again and again until the deadline.
func (b batches) halves(ctx context.Context, ids []string) {
	once := func(o *ec2.Options) { o.RetryMaxAttempts = 1 }
	b.some(ctx, ids[:len(ids)/2], once)
	b.some(ctx, ids[len(ids)/2:], once)
}

var word = lazy.MustCompile(`[\w.-]+`)

// without drops the ids that a message names.
func without(ids []string, message string) []string {
	named := word().FindAllString(message, -1)
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(named, id) })
}

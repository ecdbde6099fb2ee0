package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	ectypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What the resources about caches have in common.

// findGroup returns a replication group, nil if there is none of that name.
func (c *clients) findGroup(ctx context.Context, id string) (*ectypes.ReplicationGroup, error) {
	out, err := c.caches.DescribeReplicationGroups(ctx, &elasticache.DescribeReplicationGroupsInput{ReplicationGroupId: &id})
	if isCode(err, "ReplicationGroupNotFoundFault") {
		return nil, nil
	}
	if err != nil || len(out.ReplicationGroups) == 0 {
		return nil, err
	}
	return &out.ReplicationGroups[0], nil
}

// waitGroup waits until a group is available.
func (c *clients) waitGroup(ctx context.Context, id string) error {
	return wait(ctx, id+" to be available", func(ctx context.Context) (bool, error) {
		live, err := c.findGroup(ctx, id)
		return live != nil && aws.ToString(live.Status) == "available", err
	})
}

// settledGroup waits until a group is available again after a change that ended
// with err.
func (c *clients) settledGroup(ctx context.Context, id string, err error) error {
	if err != nil {
		return err
	}
	return c.waitGroup(ctx, id)
}

// findGlobal returns a global datastore, nil if there is none of that id.
func (c *clients) findGlobal(ctx context.Context, id string) (*ectypes.GlobalReplicationGroup, error) {
	out, err := c.caches.DescribeGlobalReplicationGroups(ctx, &elasticache.DescribeGlobalReplicationGroupsInput{GlobalReplicationGroupId: &id, ShowMemberInfo: aws.Bool(true)})
	if isCode(err, "GlobalReplicationGroupNotFoundFault") {
		return nil, nil
	}
	if err != nil || len(out.GlobalReplicationGroups) == 0 {
		return nil, err
	}
	return &out.GlobalReplicationGroups[0], nil
}

// waitGlobal waits until a global datastore is at rest, be it without secondary.
func (c *clients) waitGlobal(ctx context.Context, id string) error {
	return wait(ctx, id+" to be available", func(ctx context.Context) (bool, error) {
		live, err := c.findGlobal(ctx, id)
		if err != nil || live == nil {
			return false, err
		}
		status := aws.ToString(live.Status)
		return status == "available" || status == "primary-only", nil
	})
}

func cacheTags(tags map[string]string) []ectypes.Tag {
	var out []ectypes.Tag
	for k, v := range tags {
		out = append(out, ectypes.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return out
}

// tagCache gives a cache the tags that are planned.
func (c *clients) tagCache(ctx context.Context, arn types.String, tags types.Map) error {
	_, err := c.caches.AddTagsToResource(ctx, &elasticache.AddTagsToResourceInput{ResourceName: arn.ValueStringPointer(), Tags: cacheTags(texts(tags))})
	return err
}

// cacheTagsOf are the attributes tags and tags_all of a cache.
func (c *clients) cacheTagsOf(ctx context.Context, arn *string, before types.Map) (tags, all types.Map, err error) {
	out, err := c.caches.ListTagsForResource(ctx, &elasticache.ListTagsForResourceInput{ResourceName: arn})
	if err != nil {
		return before, before, err
	}
	live := map[string]string{}
	for _, t := range out.TagList {
		live[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	tags, all = readTags(before, live)
	return tags, all, nil
}

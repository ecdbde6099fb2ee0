package aws

import (
	"context"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/holdfast-gate/holdfast/gate"
)

// readMembers reads the groups of the global datastores that the groups were asked
// about, in whatever region each is. What goes wrong there is the fault of the
// source here: without them the datastore is read in part.
func (c *caches) readMembers(ctx context.Context) {
	regions := map[string]*caches{}
	for _, g := range c.globals {
		if !slices.Contains(c.about(gate.SourceCaches), sdk.ToString(g.GlobalReplicationGroupId)) {
			continue
		}
		for _, m := range g.Members {
			region, id := sdk.ToString(m.ReplicationGroupRegion), sdk.ToString(m.ReplicationGroupId)
			if _, read := c.groups[id]; region == c.region && read {
				continue
			}
			if regions[region] == nil {
				regions[region] = c.cachesIn(region)
			}
			regions[region].wanted[id] = true
		}
	}
	each(sortedKeys(regions), func(region string) { regions[region].readGroups(ctx) })
}

// readGroups reads the groups that are wanted, their nodes, and how far these are
// behind.
func (c *caches) readGroups(ctx context.Context) {
	together(
		func() { c.listGroups(ctx) },
		func() { c.listClusters(ctx) },
	)
	c.agree()
	c.readLag(ctx)
	for _, id := range sortedKeys(c.groups) {
		c.hold(c.group(c.groups[id]))
	}
}

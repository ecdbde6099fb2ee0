package awssim

import "time"

// serverlessCache is a cache whose nodes are AWS's own business.
type serverlessCache struct {
	name, engine, status string
	created              time.Time
	snapshots            []serverlessSnapshot
}

type serverlessSnapshot struct {
	name, kind, status string
	made               time.Time
}

// MakeServerless makes a serverless cache that is available at once.
func (w *World) MakeServerless(where, name, engine string) {
	defer w.enter()()
	defer w.written()
	w.region(where).serverless[name] = &serverlessCache{name: name, engine: engine, status: "available", created: w.clock.now}
}

// SetServerlessStatus puts a serverless cache into a state.
func (w *World) SetServerlessStatus(where, name, status string) {
	w.onServerless(where, name, func(c *serverlessCache) { c.status = status })
}

// SnapshotServerless makes a complete snapshot; kind is "manual", or "automated"
// of one that ElastiCache made itself.
func (w *World) SnapshotServerless(where, of, name, kind string) {
	w.onServerless(where, of, func(c *serverlessCache) {
		c.snapshots = append(c.snapshots, serverlessSnapshot{name, kind, "available", w.clock.now})
	})
}

func (w *World) onServerless(where, name string, do func(*serverlessCache)) {
	defer w.enter()()
	defer w.written()
	c := w.region(where).serverless[name]
	if c == nil {
		panic("there is no serverless cache " + name)
	}
	do(c)
}

type serverlessItem struct {
	ServerlessCacheName, ARN, Engine, Status string
	CreateTime                               string
}

// describeServerless shows the serverless caches of a region.
func describeServerless(r *request) (any, error) {
	one := r.str("ServerlessCacheName")
	if one != "" && r.seen.serverless[one] == nil {
		return nil, noServerless(one)
	}
	var all []serverlessItem
	for _, c := range sorted(r.seen.serverless) {
		if one == "" || one == c.name {
			all = append(all, serverlessItem{c.name, r.w.arn("elasticache", r.live, "serverlesscache:"+c.name), c.engine, c.status, stamp(c.created)})
		}
	}
	items, next, err := page(r, all, r.num("MaxResults", 50))
	return struct {
		NextToken string           `xml:",omitempty"`
		Caches    []serverlessItem `xml:"ServerlessCaches>member"`
	}{next, items}, err
}

func noServerless(name string) error {
	return &Failure{Code: "ServerlessCacheNotFoundFault", Message: "ServerlessCache " + name + " not found.", Status: 404}
}

type serverlessSnapshotItem struct {
	ServerlessCacheSnapshotName, SnapshotType, Status, CreateTime string
	Of                                                            string `xml:"ServerlessCacheConfiguration>ServerlessCacheName"`
}

// describeServerlessSnapshots shows the snapshots of one serverless cache.
func describeServerlessSnapshots(r *request) (any, error) {
	c := r.seen.serverless[r.str("ServerlessCacheName")]
	if c == nil {
		return nil, noServerless(r.str("ServerlessCacheName"))
	}
	var all []serverlessSnapshotItem
	for _, s := range c.snapshots {
		all = append(all, serverlessSnapshotItem{s.name, s.kind, s.status, stamp(s.made), c.name})
	}
	items, next, err := page(r, all, r.num("MaxResults", 50))
	return struct {
		NextToken string                   `xml:",omitempty"`
		Snapshots []serverlessSnapshotItem `xml:"ServerlessCacheSnapshots>ServerlessCacheSnapshot"`
	}{next, items}, err
}

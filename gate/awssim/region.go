package awssim

import (
	"maps"
	"slices"
	"strconv"
)

// region is everything one region holds.
type region struct {
	name      string
	instances map[string]*instance
	groups    map[string]*group
	templates map[string]*template // by id

	configurations map[string]configuration // by name

	targets   map[string]*targetGroup
	tags      map[string]map[string]string // of what is no instance, by resource id
	security  map[string]securityGroup
	volumes   map[string]*volume // but for those that go with their instance
	disks     map[string]*disk   // by volume id, those too
	snapshots map[string]*volumeSnapshot
	tables    map[string]*table
	databases map[string]*database

	cacheGroups    map[string]*cacheGroup
	cacheClusters  map[string]*cacheCluster
	cacheSnapshots []cacheSnapshot
	serverless     map[string]*serverlessCache

	dbClusters       map[string]*dbCluster
	clusterSnapshots []clusterSnapshot

	dbSnapshots  []dbSnapshot
	backups      []tableBackup
	mappings     map[string]*mapping // by id
	pipes        map[string]pipe
	endpoints    []endpoint
	tasks        []task
	replications []task            // what DMS copies without a task
	copies       map[string]string // by function, the table it writes what it gets into
}

func (w *World) newRegion(name string) *region {
	r := &region{
		name:      name,
		instances: map[string]*instance{},
		groups:    map[string]*group{},
		templates: map[string]*template{},

		configurations: map[string]configuration{},

		targets:   map[string]*targetGroup{},
		tags:      map[string]map[string]string{},
		security:  map[string]securityGroup{},
		volumes:   map[string]*volume{},
		disks:     map[string]*disk{},
		snapshots: map[string]*volumeSnapshot{},
		tables:    map[string]*table{},
		databases: map[string]*database{},

		dbClusters: map[string]*dbCluster{},

		cacheGroups:   map[string]*cacheGroup{},
		cacheClusters: map[string]*cacheCluster{},
		serverless:    map[string]*serverlessCache{},

		mappings: map[string]*mapping{},
		pipes:    map[string]pipe{},
		copies:   map[string]string{},
	}
	r.security[r.known("sg")] = securityGroup{r.known("sg"), "default", "default VPC security group"}
	return r
}

// known is the id of something every region has from the start; equal Worlds
// have equal ones.
func (r *region) known(prefix string) string {
	return prefix + "-0" + digest(prefix+"/"+r.name, 0)[:16]
}

// zones are the availability zones of the region.
func (r *region) zones() []string {
	return []string{r.name + "a", r.name + "b", r.name + "c"}
}

// SubnetID is the id of the default subnet of a zone, the only one it has; it
// is the same in every World.
func SubnetID(zone string) string { return "subnet-0" + digest("subnet/"+zone, 0)[:16] }

// zoneOf is the zone a subnet lies in, empty if there is no such subnet.
func (r *region) zoneOf(subnet string) string {
	for _, zone := range r.zones() {
		if SubnetID(zone) == subnet {
			return zone
		}
	}
	return ""
}

func (r *region) cidr(zone string) string {
	return "172.31." + strconv.Itoa(16*slices.Index(r.zones(), zone)) + ".0/20"
}

// clone copies the region so that nothing done later shows in the copy.
func (r *region) clone() *region {
	c := &region{
		name:      r.name,
		instances: make(map[string]*instance, len(r.instances)),
		groups:    make(map[string]*group, len(r.groups)),
		templates: make(map[string]*template, len(r.templates)),
		targets:   make(map[string]*targetGroup, len(r.targets)),
		tags:      make(map[string]map[string]string, len(r.tags)),
		security:  maps.Clone(r.security),

		configurations: maps.Clone(r.configurations),
	}
	for k, v := range r.instances {
		c.instances[k] = v.clone()
	}
	for k, v := range r.groups {
		c.groups[k] = v.clone()
	}
	for k, v := range r.templates {
		c.templates[k] = v.clone()
	}
	for k, v := range r.targets {
		c.targets[k] = v.clone()
	}
	for k, v := range r.tags {
		c.tags[k] = maps.Clone(v)
	}
	r.cloneVolumes(c)
	r.cloneTables(c)
	r.cloneDatabases(c)
	r.cloneClusters(c)
	c.replications = slices.Clone(r.replications)
	r.cloneCaches(c)
	return c
}

// sorted returns the values of a map by key.
func sorted[V any](m map[string]V) []V {
	list := make([]V, 0, len(m))
	for _, k := range keys(m) {
		list = append(list, m[k])
	}
	return list
}

// keys returns the keys of a map in order.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

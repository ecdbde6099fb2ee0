package aws

import (
	"context"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// A reader reads the sources of one service that are read only when a check
// asks for one of them.
type reader struct {
	sources []string
	read    func(*reading, context.Context)
}

// readers are all there are. Members and groups are known when they start.
func readers() []reader {
	return []reader{
		{[]string{gate.SourceVolumes, gate.SourceVolumeStatus, gate.SourceModifications, gate.SourceSnapshots}, (*reading).readVolumes},
		{[]string{gate.SourceTables, gate.SourceTableReplicas, gate.SourceTableStreams, gate.SourceTableBackups, gate.SourceRecovery, gate.SourceMappings, gate.SourcePipes}, (*reading).readTables},
		{migrationSources(), (*reading).readMigrations},
		{bucketSources(), (*reading).readBuckets},
		{databaseSources(), (*reading).readDatabases},
		{cacheSources(), (*reading).readCaches},
		{serverlessSources(), (*reading).readServerless},
	}
}

// readAsked reads the sources that were asked for, all services at once.
func (r *reading) readAsked(ctx context.Context) {
	var reads []func()
	known := map[string]bool{}
	for _, one := range readers() {
		wanted := false
		for _, name := range one.sources {
			known[name] = true
			wanted = wanted || r.extra[name] != nil
		}
		if wanted {
			reads = append(reads, func() { one.read(r, ctx) })
		}
	}
	for name, s := range r.extra {
		if !known[name] {
			// A check asks for what this collector cannot read.
			s.fail(fault{gate.ProblemMissing, name + " is not a source this version can read: use a newer holdfast"})
		}
	}
	together(reads...)
}

// about is what a source was asked about, empty if it was not asked for.
func (r *reading) about(source string) []string { return slices.Clone(r.asked[source]) }

// hold keeps a store that was read.
func (r *reading) hold(d gate.DataStore) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stores = append(r.stores, d)
}

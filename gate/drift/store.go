package drift

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Asks are the stores that recorded objects are about, so that the versions of
// their nodes can be compared.
func Asks(objects []gate.Change) []gate.Ask {
	var out []gate.Ask
	for _, c := range objects {
		kind, id := storeOf(c)
		var sources []string
		switch kind {
		case gate.KindDatabase:
			sources = []string{gate.SourceDatabases}
		case gate.KindDatabases:
			sources = []string{gate.SourceDatabases, gate.SourceDBClusters}
		case gate.KindCache:
			sources = []string{gate.SourceCaches, gate.SourceCacheClusters}
		}
		for _, name := range sources {
			i := slices.IndexFunc(out, func(a gate.Ask) bool { return a.Source == name && a.Region == c.Region })
			if i < 0 {
				out = append(out, gate.Ask{Source: name, Region: c.Region})
				i = len(out) - 1
			}
			if id != "" && !slices.Contains(out[i].About, id) {
				out[i].About = append(out[i].About, id)
			}
		}
	}
	return out
}

// storeOf is the store that a recorded object is about; empty where it is about
// none, or where the record does not say in which region.
func storeOf(c gate.Change) (kind, id string) {
	if c.Region == "" {
		return "", ""
	}
	if kind, id = gate.DatabaseOf(c); kind == "" {
		kind, id = gate.CacheOf(c)
	}
	return kind, id
}

// stores finds recorded stores whose nodes have different engine versions.
func stores(objects []gate.Change, s *gate.Snapshot) []Difference {
	var out []Difference
	seen := map[string]bool{}
	for _, c := range slices.SortedFunc(slices.Values(objects), func(a, b gate.Change) int { return cmp.Compare(a.Address, b.Address) }) {
		kind, id := storeOf(c)
		d, there := s.DataStore(kind, c.Region, id)
		key := kind + "/" + c.Region + "/" + id
		if kind == "" || !there || seen[key] {
			continue
		}
		seen[key] = true
		mixed := d.Generations()
		if len(mixed) == 0 {
			continue
		}
		one := Difference{Code: Generations, Cluster: id, Region: c.Region, Address: c.Address, Ref: id, Attribute: "engine_version", Recorded: "one version", Live: mixed.String(),
			Message: fmt.Sprintf("%s is of mixed engine versions: %s", id, mixed), store: d}
		for _, g := range mixed {
			one.Members = append(one.Members, g.Members...)
		}
		slices.Sort(one.Members)
		out = append(out, one)
	}
	return out
}

// upgrade brings the nodes of a store to the highest version there is among
// them. None can go back.
func upgrade(d Difference) []Step {
	mixed := d.store.Generations()
	highest := slices.MaxFunc(mixed, func(a, b gate.Generation) int { return compareVersions(a.Made, b.Made) }).Made
	var calls []string
	switch d.store.Kind {
	case gate.KindDatabase:
		for _, g := range mixed {
			for _, node := range g.Members {
				// A hidden standby is upgraded with its instance.
				if g.Made != highest && node != gate.HiddenStandby(d.Ref) {
					calls = append(calls, fmt.Sprintf("aws rds modify-db-instance --region %s --db-instance-identifier %s --engine-version %s --apply-immediately", d.Region, quote(node), quote(highest)))
				}
			}
		}
	case gate.KindDatabases:
		calls = append(calls, fmt.Sprintf("aws rds modify-db-cluster --region %s --db-cluster-identifier %s --engine-version %s --apply-immediately", d.Region, quote(d.Ref), quote(highest)))
	default:
		calls = append(calls, fmt.Sprintf("aws elasticache modify-replication-group --region %s --replication-group-id %s --engine-version %s --apply-immediately", d.Region, quote(d.Ref), quote(highest)))
	}
	return []Step{{fmt.Sprintf("Finish the upgrade to %s, in a quiet hour: what is upgraded is out for a while. Nothing goes back to an older version", highest), strings.Join(calls, "\n")},
		{"then record it; if the configuration names another engine_version, change that first", record}}
}

// compareVersions orders 16.10 behind 16.9.
func compareVersions(a, b string) int {
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(a, b string) int {
		return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(a, b))
	})
}

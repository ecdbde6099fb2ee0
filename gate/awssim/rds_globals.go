package awssim

import "slices"

// globalActions are those about global clusters. Every region shows the same.
func (w *World) globalActions() map[string]action {
	return map[string]action{
		"DescribeGlobalClusters":  describeGlobals,
		"CreateGlobalCluster":     w.createGlobal,
		"ModifyGlobalCluster":     w.modifyGlobal,
		"DeleteGlobalCluster":     w.deleteGlobal,
		"RemoveFromGlobalCluster": w.removeFromGlobal,
		"FailoverGlobalCluster":   w.failoverGlobalCluster,
		"SwitchoverGlobalCluster": w.switchoverGlobal,
	}
}

type globalClusterItem struct {
	DBClusterArn          string
	IsWriter              bool
	Readers               []string `xml:"Readers>member"`
	SynchronizationStatus string
}

type failoverItem struct {
	Status            string
	FromDBClusterArn  string `xml:"FromDbClusterArn"`
	ToDBClusterArn    string `xml:"ToDbClusterArn"`
	IsDataLossAllowed bool
}

type globalItem struct {
	GlobalClusterIdentifier string
	GlobalClusterResourceID string `xml:"GlobalClusterResourceId"`
	GlobalClusterArn        string
	Status                  string
	Engine                  string
	EngineVersion           string
	DeletionProtection      bool
	FailoverState           *failoverItem       `xml:",omitempty"`
	Members                 []globalClusterItem `xml:"GlobalClusterMembers>GlobalClusterMember"`
}

type globalAnswer struct{ GlobalCluster globalItem }

func (r *request) globalItem(g *globalDB) globalItem {
	item := globalItem{GlobalClusterIdentifier: g.id, GlobalClusterResourceID: g.resource, GlobalClusterArn: "arn:aws:rds::" + r.w.account + ":global-cluster:" + g.id, Status: g.status,
		Engine: g.engine, EngineVersion: "16.3", DeletionProtection: g.protected}
	if f := g.failing; f != nil {
		item.FailoverState = &failoverItem{f.status, f.from, f.to, f.lossy}
	}
	arn := func(m globalMember) string { return r.w.arn("rds", r.w.region(m.region), "cluster:"+m.cluster) }
	for _, m := range g.members {
		one := globalClusterItem{DBClusterArn: arn(m), IsWriter: m.writer, SynchronizationStatus: m.sync}
		if m.writer {
			for _, other := range g.members {
				if !other.writer {
					one.Readers = append(one.Readers, arn(other))
				}
			}
		}
		item.Members = append(item.Members, one)
	}
	return item
}

func noGlobal(id string) error {
	return &Failure{Code: "GlobalClusterNotFoundFault", Message: "Global cluster " + id + " not found.", Status: 404}
}

// asked finds the global cluster that a request is about.
func (w *World) asked(r *request) (*globalDB, error) {
	id := named(r.str("GlobalClusterIdentifier"))
	if g := w.globalCluster(id); g != nil {
		return g, nil
	}
	return nil, noGlobal(id)
}

func describeGlobals(r *request) (any, error) {
	var all []globalItem
	one := named(r.str("GlobalClusterIdentifier"))
	if one != "" && r.w.globalCluster(one) == nil {
		return nil, noGlobal(one)
	}
	for _, g := range r.w.globalDBs {
		if one == "" || one == g.id {
			all = append(all, r.globalItem(g))
		}
	}
	items, next, err := page(r, all, r.num("MaxRecords", 100))
	return struct {
		Marker  string       `xml:",omitempty"`
		Globals []globalItem `xml:"GlobalClusters>GlobalClusterMember"`
	}{next, items}, err
}

func (w *World) createGlobal(r *request) (any, error) {
	id := r.str("GlobalClusterIdentifier")
	if w.globalCluster(id) != nil {
		return nil, failure("GlobalClusterAlreadyExistsFault", "Global cluster with the id %s already exists", id)
	}
	g := &globalDB{id: id, engine: r.str("Engine"), protected: r.flag("DeletionProtection")}
	if arn := r.str("SourceDBClusterIdentifier"); arn != "" {
		c := r.live.dbClusters[named(arn)]
		if c == nil {
			return nil, &Failure{Code: "DBClusterNotFoundFault", Message: "DBCluster " + arn + " not found.", Status: 404}
		}
		g.engine, g.members = c.engine, []globalMember{{r.live.name, c.id, true, "connected"}}
	}
	w.makeGlobal(g)
	return globalAnswer{r.globalItem(g)}, nil
}

// makeGlobal adds a global cluster, which is there at once.
func (w *World) makeGlobal(g *globalDB) {
	w.issued++
	g.resource, g.status = "cluster-"+digest("global/"+g.id, w.issued)[:16], "available"
	w.globalDBs = append(w.globalDBs, g)
}

func (w *World) modifyGlobal(r *request) (any, error) {
	g, err := w.asked(r)
	if err != nil {
		return nil, err
	}
	if r.has("DeletionProtection") {
		g.protected = r.flag("DeletionProtection")
	}
	return globalAnswer{r.globalItem(g)}, nil
}

func (w *World) deleteGlobal(r *request) (any, error) {
	g, err := w.asked(r)
	switch {
	case err != nil:
		return nil, err
	case g.protected:
		return nil, failure("InvalidParameterCombination", "Cannot delete protected global cluster, please disable deletion protection and try again.")
	case len(g.members) > 0:
		return nil, failure("InvalidGlobalClusterStateFault", "Global Cluster %s is not empty", g.id)
	}
	w.globalDBs = slices.DeleteFunc(w.globalDBs, func(o *globalDB) bool { return o == g })
	g.status = "deleting"
	return globalAnswer{r.globalItem(g)}, nil
}

// memberAt finds the member of a global cluster that a request names by its ARN.
func (w *World) memberAt(g *globalDB, r *request, parameter string) (int, error) {
	for i, m := range g.members {
		if arn := r.w.arn("rds", w.region(m.region), "cluster:"+m.cluster); r.str(parameter) == arn {
			return i, nil
		}
	}
	return 0, &Failure{Code: "DBClusterNotFoundFault", Message: "DBCluster " + r.str(parameter) + " not found in the global cluster.", Status: 404}
}

func (w *World) removeFromGlobal(r *request) (any, error) {
	g, err := w.asked(r)
	if err != nil {
		return nil, err
	}
	i, err := w.memberAt(g, r, "DbClusterIdentifier")
	switch {
	case err != nil:
		return nil, err
	case g.failing != nil:
		return nil, failure("InvalidGlobalClusterStateFault", "Global cluster %s is %s", g.id, g.status)
	case g.members[i].writer && len(g.members) > 1:
		return nil, failure("InvalidGlobalClusterStateFault", "Cannot remove the writer of global cluster %s while it has readers", g.id)
	}
	w.leave(g, i)
	return globalAnswer{r.globalItem(g)}, nil
}

func (w *World) failoverGlobalCluster(r *request) (any, error) {
	return w.handed(r, r.flag("AllowDataLoss"))
}

func (w *World) switchoverGlobal(r *request) (any, error) { return w.handed(r, false) }

func (w *World) handed(r *request, lossy bool) (any, error) {
	g, err := w.asked(r)
	if err != nil {
		return nil, err
	}
	i, err := w.memberAt(g, r, "TargetDbClusterIdentifier")
	switch {
	case err != nil:
		return nil, err
	case g.status != "available":
		return nil, failure("InvalidGlobalClusterStateFault", "Global cluster %s is %s", g.id, g.status)
	case g.members[i].writer:
		return nil, failure("InvalidDBClusterStateFault", "DB cluster %s is the writer already", g.members[i].cluster)
	}
	w.hand(g, i, lossy)
	return globalAnswer{r.globalItem(g)}, nil
}

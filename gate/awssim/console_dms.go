package awssim

// AddReplication makes a replication of DMS Serverless, which has no task, and its
// endpoints.
func (w *World) AddReplication(s TaskSpec) {
	defer w.enter()()
	defer w.written()
	r := w.region(s.Region)
	end := func(kind, engine, host string) string {
		arn := w.arn("dms", r, "endpoint:"+w.id("e"))
		r.endpoints = append(r.endpoints, endpoint{s.Name + "-" + kind, arn, kind, engine, host})
		return arn
	}
	r.replications = append(r.replications, task{id: s.Name, arn: w.arn("dms", r, "replication-config:"+w.id("c")), kind: "full-load-and-cdc", status: s.Status, mappings: s.Mappings,
		source: end("source", s.SourceEngine, s.SourceHost), target: end("target", s.TargetEngine, s.TargetHost)})
}

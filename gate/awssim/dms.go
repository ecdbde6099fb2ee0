package awssim

// dms can be described; the console makes what it knows.
func (w *World) dms() service {
	return service{json: "1.1", actions: map[string]action{
		"DescribeEndpoints": func(r *request) (any, error) {
			all := []map[string]any{}
			for _, e := range r.seen.endpoints {
				d := map[string]any{"EndpointIdentifier": e.id, "EndpointArn": e.arn, "EndpointType": e.kind, "EngineName": e.engine, "Status": "active"}
				if e.server != "" {
					d["ServerName"] = e.server
				}
				all = append(all, d)
			}
			return marked(r, "Endpoints", all)
		},
		"DescribeReplicationTasks": func(r *request) (any, error) {
			all := []map[string]any{}
			for _, t := range r.seen.tasks {
				all = append(all, map[string]any{"ReplicationTaskIdentifier": t.id, "ReplicationTaskArn": t.arn, "SourceEndpointArn": t.source, "TargetEndpointArn": t.target,
					"MigrationType": t.kind, "Status": t.status, "TableMappings": t.mappings})
			}
			return marked(r, "ReplicationTasks", all)
		},
		"DescribeReplications": func(r *request) (any, error) {
			all := []map[string]any{}
			for _, t := range r.seen.replications {
				all = append(all, map[string]any{"ReplicationConfigIdentifier": t.id, "ReplicationConfigArn": t.arn, "SourceEndpointArn": t.source, "TargetEndpointArn": t.target,
					"ReplicationType": t.kind, "Status": t.status})
			}
			return marked(r, "Replications", all)
		},
		"DescribeReplicationConfigs": func(r *request) (any, error) {
			all := []map[string]any{}
			for _, t := range r.seen.replications {
				all = append(all, map[string]any{"ReplicationConfigIdentifier": t.id, "ReplicationConfigArn": t.arn, "SourceEndpointArn": t.source, "TargetEndpointArn": t.target,
					"ReplicationType": t.kind, "TableMappings": t.mappings})
			}
			return marked(r, "ReplicationConfigs", all)
		},
	}}
}

// marked is a page as DMS gives it.
func marked(r *request, name string, all []map[string]any) (any, error) {
	var in struct {
		Marker     string
		MaxRecords int
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	items, next, err := pageFrom(r, in.Marker, all, in.MaxRecords)
	out := map[string]any{name: items}
	if next != "" {
		out["Marker"] = next
	}
	return out, err
}

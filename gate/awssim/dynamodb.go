package awssim

import "time"

func (w *World) dynamodb() service {
	return service{json: "1.0", actions: map[string]action{
		"CreateTable":                         w.createTableAction,
		"DescribeTable":                       w.describeTable,
		"UpdateTable":                         w.updateTable,
		"DeleteTable":                         w.deleteTableAction,
		"DescribeContinuousBackups":           w.describeContinuousBackups,
		"UpdateContinuousBackups":             w.updateContinuousBackups,
		"DescribeTimeToLive":                  w.describeTimeToLive,
		"UpdateTimeToLive":                    w.updateTimeToLive,
		"DescribeKinesisStreamingDestination": w.describeDestinations,
		"ListBackups":                         w.listBackups,
		"CreateBackup":                        w.createBackup,
		"ListTagsOfResource":                  w.listTagsOfTable,
		"TagResource":                         w.tagTable,
		"UntagResource":                       w.untagTable,
	}}
}

type keySchema struct{ AttributeName, KeyType string }
type attributeType struct{ AttributeName, AttributeType string }
type tableTag struct{ Key, Value string }
type streamSpec struct {
	StreamEnabled  bool
	StreamViewType string `json:",omitempty"`
}

// tableIn is what the requests about one table have in them.
type tableIn struct {
	TableName                 string
	ResourceArn               string
	AttributeDefinitions      []attributeType
	KeySchema                 []keySchema
	BillingMode               string
	DeletionProtectionEnabled *bool
	StreamSpecification       *streamSpec
	Tags                      []tableTag
	TagKeys                   []string
	BackupName                string
	ReplicaUpdates            []struct {
		Create, Delete *struct{ RegionName string }
	}
	TimeToLiveSpecification struct {
		AttributeName string
		Enabled       bool
	}
	PointInTimeRecoverySpecification struct{ PointInTimeRecoveryEnabled bool }
}

// theTable decodes a request about one table and finds it, as it is shown.
func (r *request) theTable() (in tableIn, t *table, err error) {
	if err := r.decode(&in); err != nil {
		return in, nil, err
	}
	if t = r.seen.tables[in.TableName]; t == nil {
		return in, nil, failure("ResourceNotFoundException", "Requested resource not found: Table: %s not found", in.TableName)
	}
	return in, t, nil
}

// changeable is theTable, as it is and only if it can be changed now.
func (r *request) changeable() (in tableIn, t *table, err error) {
	if err := r.decode(&in); err != nil {
		return in, nil, err
	}
	switch t = r.live.tables[in.TableName]; {
	case t == nil:
		return in, nil, failure("ResourceNotFoundException", "Requested resource not found: Table: %s not found", in.TableName)
	case t.status != "ACTIVE":
		return in, nil, failure("ResourceInUseException", "Table is being changed: %s", in.TableName)
	}
	return in, t, nil
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func (w *World) tableDescription(r *region, t *table) map[string]any {
	out := map[string]any{
		"TableName": t.name, "TableArn": w.tableARN(r, t.name), "TableId": t.id, "TableStatus": t.status, "CreationDateTime": seconds(t.created),
		"ItemCount": len(t.items), "TableSizeBytes": 400 * len(t.items), "DeletionProtectionEnabled": t.protected,
		"KeySchema": t.keys, "AttributeDefinitions": t.attributes, "BillingModeSummary": map[string]any{"BillingMode": t.billing},
		"ProvisionedThroughput": map[string]any{"ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0},
	}
	if t.streamLabel != "" {
		out["LatestStreamArn"], out["LatestStreamLabel"] = w.streamARN(r, t), t.streamLabel
	}
	if t.stream != "" {
		out["StreamSpecification"] = streamSpec{true, t.stream}
	}
	if len(t.replicas) > 0 {
		var list []map[string]any
		for _, where := range keys(t.replicas) {
			list = append(list, map[string]any{"RegionName": where, "ReplicaStatus": t.replicas[where]})
		}
		out["Replicas"], out["GlobalTableVersion"] = list, "2019.11.21"
	}
	return out
}

func (w *World) describeTable(r *request) (any, error) {
	_, t, err := r.theTable()
	if err != nil {
		return nil, err
	}
	return map[string]any{"Table": w.tableDescription(r.seen, t)}, nil
}

func (w *World) createTableAction(r *request) (any, error) {
	var in tableIn
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if r.live.tables[in.TableName] != nil {
		return nil, failure("ResourceInUseException", "Table already exists: %s", in.TableName)
	}
	t := &table{name: in.TableName, keys: in.KeySchema, attributes: in.AttributeDefinitions, billing: in.BillingMode, protected: in.DeletionProtectionEnabled != nil && *in.DeletionProtectionEnabled}
	w.createTable(r.live, t)
	if s := in.StreamSpecification; s != nil && s.StreamEnabled {
		w.openStream(t, s.StreamViewType)
	}
	r.live.tagTable(w.tableARN(r.live, t.name), in.Tags)
	return map[string]any{"TableDescription": w.tableDescription(r.live, t)}, nil
}

func (w *World) updateTable(r *request) (any, error) {
	in, t, err := r.changeable()
	if err != nil {
		return nil, err
	}
	if s := in.StreamSpecification; s != nil {
		switch {
		case s.StreamEnabled && t.stream != "":
			return nil, failure("ValidationException", "Table already has an enabled stream")
		case s.StreamEnabled:
			w.openStream(t, s.StreamViewType)
		default:
			t.stream = ""
		}
	}
	if in.BillingMode != "" {
		t.billing = in.BillingMode
	}
	if in.DeletionProtectionEnabled != nil {
		t.protected = *in.DeletionProtectionEnabled
	}
	for _, u := range in.ReplicaUpdates {
		switch {
		case u.Create != nil:
			w.addReplica(r.live, t, u.Create.RegionName)
		case u.Delete != nil && w.region(u.Delete.RegionName).protects(t.name):
			return nil, failure("ValidationException", "The replica in %s is protected against deletion. Disable deletion protection there first.", u.Delete.RegionName)
		case u.Delete != nil:
			w.deleteReplica(r.live, t, u.Delete.RegionName)
		}
	}
	t.status = "UPDATING"
	w.after(w.timing.Table, func() {
		if t.status == "UPDATING" {
			t.status = "ACTIVE"
		}
	})
	return map[string]any{"TableDescription": w.tableDescription(r.live, t)}, nil
}

func (w *World) deleteTableAction(r *request) (any, error) {
	_, t, err := r.changeable()
	if err != nil {
		return nil, err
	}
	if t.protected {
		return nil, failure("ValidationException", "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	w.deleteTable(r.live, t)
	return map[string]any{"TableDescription": w.tableDescription(r.live, t)}, nil
}

func (w *World) describeContinuousBackups(r *request) (any, error) {
	_, t, err := r.theTable()
	if err != nil {
		return nil, err
	}
	recovery := map[string]any{"PointInTimeRecoveryStatus": "DISABLED"}
	if t.recovery {
		// It can be restored to any instant but the last five minutes.
		recovery = map[string]any{"PointInTimeRecoveryStatus": "ENABLED", "EarliestRestorableDateTime": seconds(t.recoverFrom), "LatestRestorableDateTime": seconds(r.at.Add(-5 * time.Minute))}
	}
	return map[string]any{"ContinuousBackupsDescription": map[string]any{"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}}, nil
}

func (w *World) updateContinuousBackups(r *request) (any, error) {
	in, t, err := r.changeable()
	if err != nil {
		return nil, err
	}
	t.recovery, t.recoverFrom = in.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled, w.clock.now
	return w.describeContinuousBackups(r)
}

func (w *World) describeTimeToLive(r *request) (any, error) {
	_, t, err := r.theTable()
	if err != nil {
		return nil, err
	}
	d := map[string]any{"TimeToLiveStatus": "DISABLED"}
	if t.expiresBy != "" {
		d = map[string]any{"TimeToLiveStatus": "ENABLED", "AttributeName": t.expiresBy}
	}
	return map[string]any{"TimeToLiveDescription": d}, nil
}

func (w *World) updateTimeToLive(r *request) (any, error) {
	in, t, err := r.changeable()
	if err != nil {
		return nil, err
	}
	s := in.TimeToLiveSpecification
	switch {
	case s.Enabled == (t.expiresBy != ""):
		return nil, failure("ValidationException", "TimeToLive is already so")
	case s.Enabled:
		t.expiresBy = s.AttributeName
		w.expireLater(r.live, t)
	default:
		t.expiresBy = ""
	}
	return map[string]any{"TimeToLiveSpecification": map[string]any{"AttributeName": s.AttributeName, "Enabled": s.Enabled}}, nil
}

func (w *World) describeDestinations(r *request) (any, error) {
	in, t, err := r.theTable()
	if err != nil {
		return nil, err
	}
	list := []map[string]any{}
	for _, d := range t.streams {
		list = append(list, map[string]any{"StreamArn": d.arn, "DestinationStatus": d.status})
	}
	return map[string]any{"TableName": in.TableName, "KinesisDataStreamDestinations": list}, nil
}

func (w *World) backUp(r *region, t *table, name string) tableBackup {
	b := tableBackup{name, w.tableARN(r, t.name) + "/backup/" + w.id("b"), t.name, t.id, "AVAILABLE", w.clock.now, len(t.items)}
	r.backups = append(r.backups, b)
	return b
}

func backupDetails(b tableBackup) map[string]any {
	return map[string]any{"BackupName": b.name, "BackupArn": b.arn, "BackupStatus": b.status, "BackupType": "USER", "BackupCreationDateTime": seconds(b.made), "BackupSizeBytes": 400 * b.items}
}

func (w *World) createBackup(r *request) (any, error) {
	in, t, err := r.changeable()
	if err != nil {
		return nil, err
	}
	return map[string]any{"BackupDetails": backupDetails(w.backUp(r.live, t, in.BackupName))}, nil
}

func (w *World) listBackups(r *request) (any, error) {
	var in struct {
		TableName               string
		Limit                   int
		ExclusiveStartBackupArn string
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	all := []map[string]any{} // an empty list is one, too
	for _, b := range r.seen.backups {
		if in.TableName == "" || b.table == in.TableName {
			s := backupDetails(b)
			s["TableName"], s["TableId"] = b.table, b.tableID
			all = append(all, s)
		}
	}
	items, next, err := pageFrom(r, in.ExclusiveStartBackupArn, all, in.Limit)
	out := map[string]any{"BackupSummaries": items}
	if next != "" {
		out["LastEvaluatedBackupArn"] = next
	}
	return out, err
}

func (w *World) listTagsOfTable(r *request) (any, error) {
	var in tableIn
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	list := []tableTag{}
	for _, k := range keys(r.seen.tags[in.ResourceArn]) {
		list = append(list, tableTag{k, r.seen.tags[in.ResourceArn][k]})
	}
	return map[string]any{"Tags": list}, nil
}

func (r *region) tagTable(arn string, tags []tableTag) {
	if r.tags[arn] == nil {
		r.tags[arn] = map[string]string{}
	}
	for _, t := range tags {
		r.tags[arn][t.Key] = t.Value
	}
}

func (w *World) tagTable(r *request) (any, error) {
	var in tableIn
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	r.live.tagTable(in.ResourceArn, in.Tags)
	return map[string]any{}, nil
}

func (w *World) untagTable(r *request) (any, error) {
	var in tableIn
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(r.live.tags[in.ResourceArn], k)
	}
	return map[string]any{}, nil
}

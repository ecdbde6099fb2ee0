package awssim

import (
	"slices"
	"strconv"
	"time"
)

type volumeItem struct {
	ID          string           `xml:"volumeId"`
	Size        int              `xml:"size"`
	Snapshot    string           `xml:"snapshotId"`
	Zone        string           `xml:"availabilityZone"`
	Status      string           `xml:"status"`
	Created     time.Time        `xml:"createTime"`
	Attachments []attachmentItem `xml:"attachmentSet>item"`
	Tags        []tagItem        `xml:"tagSet>item"`
	Type        string           `xml:"volumeType"`
	IOPS        int              `xml:"iops"`
	Encrypted   bool             `xml:"encrypted"`
	Multi       bool             `xml:"multiAttachEnabled"`
	Throughput  int              `xml:"throughput"`
}

type attachmentItem struct {
	Volume    string    `xml:"volumeId"`
	Instance  string    `xml:"instanceId"`
	Device    string    `xml:"device"`
	Status    string    `xml:"status"`
	Attached  time.Time `xml:"attachTime"`
	GoesAlong bool      `xml:"deleteOnTermination"`
}

const noVolume = "InvalidVolume.NotFound"

func describeVolumes(r *request) (any, error) {
	ids := r.strs("VolumeId")
	if err := oneOrTheOther(r, ids, 5, 1000); err != nil {
		return nil, err
	}
	list, err := pick(r, r.seen.everyVolume(), ids, noVolume, func(v volumeItem, name string) ([]string, bool) {
		var instances, devices, states []string
		for _, a := range v.Attachments {
			instances, devices, states = append(instances, a.Instance), append(devices, a.Device), append(states, a.Status)
		}
		have, known := map[string][]string{"attachment.instance-id": instances, "attachment.device": devices, "attachment.status": states,
			"volume-id": {v.ID}, "status": {v.Status}, "availability-zone": {v.Zone}, "size": {strconv.Itoa(v.Size)}}[name]
		if known {
			return have, true
		}
		return tagFilter(r.seen.tags[v.ID], name)
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Volumes []volumeItem `xml:"volumeSet>item"`
		Next    string       `xml:"nextToken,omitempty"`
	}
	answer.Volumes, answer.Next, err = page(r, list, r.num("MaxResults", 0))
	return answer, err
}

type volumeStatusItem struct {
	ID      string              `xml:"volumeId"`
	Zone    string              `xml:"availabilityZone"`
	Status  string              `xml:"volumeStatus>status"`
	Details []checkDetail       `xml:"volumeStatus>details>item"`
	Events  []volumeEventItem   `xml:"eventsSet>item"`
	Actions []volumeEnablesItem `xml:"actionsSet>item"`
}

type volumeEventItem struct {
	ID          string `xml:"eventId"`
	Kind        string `xml:"eventType"`
	Description string `xml:"description"`
}

type volumeEnablesItem struct {
	Code        string `xml:"code"`
	Event       string `xml:"eventId"`
	Kind        string `xml:"eventType"`
	Description string `xml:"description"`
}

func describeVolumeStatus(r *request) (any, error) {
	ids := r.strs("VolumeId")
	if err := oneOrTheOther(r, ids, 5, 1000); err != nil {
		return nil, err
	}
	list, err := pick(r, r.seen.everyVolume(), ids, noVolume, func(v volumeItem, name string) ([]string, bool) {
		return []string{v.Zone}, name == "availability-zone"
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Statuses []volumeStatusItem `xml:"volumeStatusSet>item"`
		Next     string             `xml:"nextToken,omitempty"`
	}
	list, answer.Next, err = page(r, list, r.num("MaxResults", 0))
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		d := r.seen.disks[v.ID]
		if d == nil {
			d = &disk{}
		}
		item := volumeStatusItem{ID: v.ID, Zone: v.Zone, Status: orElse(d.status, "ok")}
		item.Details = []checkDetail{{"io-enabled", "passed"}, {"io-performance", orElse(d.slow, "normal")}}
		if d.status == "impaired" {
			item.Details[0].Status = "failed"
			item.Events = []volumeEventItem{{"evol-" + v.ID[4:], "potential-data-inconsistency", "THIS IS AN EXAMPLE OF A POTENTIAL DATA INCONSISTENCY"}}
			item.Actions = []volumeEnablesItem{{"enable-volume-io", "evol-" + v.ID[4:], "potential-data-inconsistency", "Enable volume I/O"}}
		}
		answer.Statuses = append(answer.Statuses, item)
	}
	return answer, nil
}

type modificationItem struct {
	Volume   string     `xml:"volumeId"`
	State    string     `xml:"modificationState"`
	FromSize int        `xml:"originalSize"`
	FromType string     `xml:"originalVolumeType"`
	FromIOPS int        `xml:"originalIops"`
	FromMBps int        `xml:"originalThroughput"`
	ToSize   int        `xml:"targetSize"`
	ToType   string     `xml:"targetVolumeType"`
	ToIOPS   int        `xml:"targetIops"`
	ToMBps   int        `xml:"targetThroughput"`
	Progress int        `xml:"progress"`
	Began    time.Time  `xml:"startTime"`
	Ended    *time.Time `xml:"endTime,omitempty"`
}

func modificationOf(id string, m modification) modificationItem {
	return modificationItem{id, m.state, m.from.size, m.from.kind, m.from.iops, m.from.throughput, m.to.size, m.to.kind, m.to.iops, m.to.throughput, m.percentage, m.began, optional(m.ended)}
}

// describeModifications shows the last modification of volumes that had one.
// To name one that had none is an error, as it is with EC2.
func describeModifications(r *request) (any, error) {
	all := map[string]modificationItem{}
	for id, d := range r.seen.disks {
		if d.modified.state != "" {
			all[id] = modificationOf(id, d.modified)
		}
	}
	list, err := pick(r, all, r.strs("VolumeId"), "InvalidVolumeModification.NotFound", func(m modificationItem, name string) ([]string, bool) {
		have, known := map[string]string{"volume-id": m.Volume, "modification-state": m.State}[name]
		return []string{have}, known
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Modifications []modificationItem `xml:"volumeModificationSet>item"`
		Next          string             `xml:"nextToken,omitempty"`
	}
	answer.Modifications, answer.Next, err = page(r, list, r.num("MaxResults", 0))
	return answer, err
}

func createVolume(r *request) (any, error) {
	zone := r.str("AvailabilityZone")
	if !slices.Contains(r.live.zones(), zone) {
		return nil, failure("InvalidZone.NotFound", "The zone '%s' does not exist.", zone)
	}
	v := r.w.createVolume(r.live, volume{zone: zone, kind: orElse(r.str("VolumeType"), "gp2"), size: r.num("Size", 8), iops: r.num("Iops", 3000), throughput: r.num("Throughput", 125),
		snapshot: r.str("SnapshotId"), encrypted: r.flag("Encrypted")})
	if tags := tagSpecification(r.form, "volume"); len(tags) > 0 {
		r.live.tags[v.id] = tags
	}
	return r.live.everyVolume()[v.id], nil
}

// theVolume is the one that a request names.
func theVolume(r *request) (*volume, error) {
	id := r.str("VolumeId")
	if v := r.live.volumes[id]; v != nil {
		return v, nil
	}
	return nil, failure(noVolume, "The volume '%s' does not exist.", id)
}

func deleteVolume(r *request) (any, error) {
	v, err := theVolume(r)
	if err != nil {
		return nil, err
	}
	if v.attached.instance != "" {
		return nil, failure("VolumeInUse", "Volume %s is currently attached to %s", v.id, v.attached.instance)
	}
	delete(r.live.volumes, v.id)
	delete(r.live.tags, v.id)
	return done{true}, nil
}

func modifyVolume(r *request) (any, error) {
	v, err := theVolume(r)
	if err != nil {
		return nil, err
	}
	if m := r.live.diskOf(v.id).modified; m.state == "modifying" || m.state == "optimizing" {
		return nil, failure("IncorrectModificationState", "Cannot modify volume %s in state %s", v.id, m.state)
	}
	to := *v
	to.size, to.iops, to.throughput, to.kind = r.num("Size", v.size), r.num("Iops", v.iops), r.num("Throughput", v.throughput), orElse(r.str("VolumeType"), v.kind)
	r.w.modifyVolume(r.live, v, to)
	return struct {
		Modification modificationItem `xml:"volumeModification"`
	}{modificationOf(v.id, r.live.diskOf(v.id).modified)}, nil
}

func attachVolume(r *request) (any, error) {
	v, err := theVolume(r)
	if err != nil {
		return nil, err
	}
	in := r.live.instances[r.str("InstanceId")]
	switch {
	case in == nil || in.state == terminated:
		return nil, failure("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", r.str("InstanceId"))
	case in.state != running && in.state != stopped:
		return nil, failure("IncorrectState", "Instance '%s' is not 'running'.", in.id)
	case v.attached.instance != "":
		return nil, failure("VolumeInUse", "%s is already attached to an instance", v.id)
	case v.zone != in.zone:
		return nil, failure("InvalidVolume.ZoneMismatch", "The volume '%s' is not in the same availability zone as instance '%s'", v.id, in.id)
	}
	r.w.attachVolume(v, in.id, r.str("Device"))
	return answerOf(v), nil
}

func detachVolume(r *request) (any, error) {
	v, err := theVolume(r)
	if err != nil {
		return nil, err
	}
	if v.attached.instance == "" || (r.str("InstanceId") != "" && v.attached.instance != r.str("InstanceId")) {
		return nil, failure("IncorrectState", "Volume '%s' is in the 'available' state.", v.id)
	}
	if v.attached.state != detaching {
		r.w.detachVolume(v)
	}
	return answerOf(v), nil
}

func answerOf(v *volume) attachmentItem {
	a := v.attached
	return attachmentItem{v.id, a.instance, a.device, a.state, a.since, false}
}

type snapshotItem struct {
	ID        string    `xml:"snapshotId"`
	Volume    string    `xml:"volumeId"`
	State     string    `xml:"status"`
	Began     time.Time `xml:"startTime"`
	Progress  string    `xml:"progress"`
	Owner     string    `xml:"ownerId"`
	Size      int       `xml:"volumeSize"`
	Encrypted bool      `xml:"encrypted"`
	Tier      string    `xml:"storageTier"`
	Tags      []tagItem `xml:"tagSet>item"`
}

func (r *request) snapshotItem(seen *region, s *volumeSnapshot) snapshotItem {
	progress := "100%"
	if s.state != "completed" {
		progress = "0%"
	}
	return snapshotItem{ID: s.id, Volume: s.volume, State: s.state, Began: s.began, Progress: progress, Owner: r.w.account, Size: s.size, Tier: "standard", Tags: tagItems(seen.tags[s.id])}
}

func describeSnapshots(r *request) (any, error) {
	ids := r.strs("SnapshotId")
	if err := oneOrTheOther(r, ids, 5, 1000); err != nil {
		return nil, err
	}
	list, err := pick(r, r.seen.snapshots, ids, "InvalidSnapshot.NotFound", func(s *volumeSnapshot, name string) ([]string, bool) {
		if s == nil {
			s = &volumeSnapshot{}
		}
		have, known := map[string]string{"volume-id": s.volume, "snapshot-id": s.id, "status": s.state}[name]
		if known {
			return []string{have}, true
		}
		return tagFilter(r.seen.tags[s.id], name)
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Snapshots []snapshotItem `xml:"snapshotSet>item"`
		Next      string         `xml:"nextToken,omitempty"`
	}
	list, answer.Next, err = page(r, list, r.num("MaxResults", 0))
	for _, s := range list {
		answer.Snapshots = append(answer.Snapshots, r.snapshotItem(r.seen, s))
	}
	return answer, err
}

// createSnapshot makes a snapshot that completes by the clock.
func createSnapshot(r *request) (any, error) {
	v, err := theVolume(r)
	if err != nil {
		return nil, err
	}
	s := &volumeSnapshot{id: r.w.id("snap"), volume: v.id, state: "pending", size: v.size, began: r.w.clock.now}
	r.live.snapshots[s.id] = s
	if tags := tagSpecification(r.form, "snapshot"); len(tags) > 0 {
		r.live.tags[s.id] = tags
	}
	r.w.after(r.w.timing.Creating, func() { s.state = "completed" })
	return r.snapshotItem(r.live, s), nil
}

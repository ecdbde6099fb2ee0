package awssim

import (
	"slices"
	"time"
)

// volume is one EBS volume that does not come and go with an instance.
type volume struct {
	id, zone, kind string
	snapshot       string // it was made from
	size           int    // GiB
	iops           int
	throughput     int
	encrypted      bool
	created        time.Time
	state          string // "creating", "available", "in-use"
	attached       attachment
}

// attachment is where a volume is; the zero value is nowhere.
type attachment struct {
	instance, device string
	state            string // "attaching", "attached", "detaching", "busy"
	since            time.Time
}

// disk is how a volume is: any, those of instances too.
type disk struct {
	status   string // of DescribeVolumeStatus; empty is ok
	slow     string // io-performance; empty is normal
	modified modification
}

// modification is the last one of a volume; without a state there was none.
type modification struct {
	state      string // "modifying", "optimizing", "completed", "failed"
	began      time.Time
	ended      time.Time
	from, to   volume
	percentage int
}

// volumeSnapshot is a snapshot of a volume.
type volumeSnapshot struct {
	id, volume, state string
	size              int
	began             time.Time
}

// The states of a volume and of its attachment.
const (
	creating  = "creating"
	available = "available"
	inUse     = "in-use"
	attaching = "attaching"
	attached  = "attached"
	detaching = "detaching"
)

// diskOf is what is kept of how a volume is.
func (r *region) diskOf(id string) *disk {
	if r.disks[id] == nil {
		r.disks[id] = &disk{}
	}
	return r.disks[id]
}

// disksOn are the volumes of an instance besides its root, by device.
func (r *region) disksOn(instance string) []*volume {
	var list []*volume
	for _, v := range sorted(r.volumes) {
		if v.attached.instance == instance {
			list = append(list, v)
		}
	}
	return list
}

// createVolume makes a volume; it becomes available by the clock.
func (w *World) createVolume(r *region, v volume) *volume {
	v.id, v.created, v.state = w.id("vol"), w.clock.now, creating
	made := &v
	r.volumes[v.id] = made
	w.after(w.timing.Creating, func() {
		if made.state == creating {
			made.state = available
		}
	})
	return made
}

// attachVolume begins to attach a volume.
func (w *World) attachVolume(v *volume, instance, device string) {
	v.state = inUse
	v.attached = attachment{instance, device, attaching, w.clock.now}
	w.whileAttached(v, w.timing.Attaching, func() { v.attached.state = attached })
}

// detachVolume begins to detach a volume.
func (w *World) detachVolume(v *volume) {
	v.attached.state, v.attached.since = detaching, w.clock.now
	w.whileAttached(v, w.timing.Detaching, func() { v.attached, v.state = attachment{}, available })
}

// whileAttached lets do happen after d, unless something else has been done
// with the attachment.
func (w *World) whileAttached(v *volume, d time.Duration, do func()) {
	was := v.attached
	w.after(d, func() {
		if v.attached == was {
			do()
		}
	})
}

// modifyVolume begins a modification: first the change itself, then AWS
// optimizes for a long time.
func (w *World) modifyVolume(r *region, v *volume, to volume) {
	d := r.diskOf(v.id)
	d.modified = modification{state: "modifying", began: w.clock.now, from: *v, to: to}
	v.size, v.iops, v.throughput, v.kind = to.size, to.iops, to.throughput, to.kind
	began := w.clock.now
	w.after(w.timing.Modifying, func() {
		if d.modified.began.Equal(began) && d.modified.state == "modifying" {
			d.modified.state = "optimizing"
		}
	})
	w.after(w.timing.Modifying+w.timing.Optimizing, func() {
		if d.modified.began.Equal(began) && d.modified.state == "optimizing" {
			d.modified.state, d.modified.percentage, d.modified.ended = "completed", 100, w.clock.now
		}
	})
}

// released lets go of the volumes of an instance that has ended.
func (r *region) released(instance string) {
	for _, v := range r.disksOn(instance) {
		v.attached, v.state = attachment{}, available
	}
}

func (r *region) cloneVolumes(to *region) {
	to.volumes, to.disks, to.snapshots = map[string]*volume{}, map[string]*disk{}, map[string]*volumeSnapshot{}
	for k, v := range r.volumes {
		c := *v
		to.volumes[k] = &c
	}
	for k, v := range r.disks {
		c := *v
		to.disks[k] = &c
	}
	for k, v := range r.snapshots {
		c := *v
		to.snapshots[k] = &c
	}
}

// A Volume is what is really there. It is a copy.
type Volume struct {
	ID       string
	Region   string
	Zone     string
	Size     int
	Instance string // that has it, or is getting or giving it up; empty is nobody
	Device   string
	State    string // of the attachment: "attaching", "attached", "detaching"; empty is nowhere
	Since    time.Time
}

// Volumes returns the volumes of a region that do not come and go with an
// instance, by id.
func (w *World) Volumes(region string) []Volume {
	defer w.enter()()
	r := w.region(region)
	var list []Volume
	for _, v := range sorted(r.volumes) {
		a := v.attached
		list = append(list, Volume{v.id, r.name, v.zone, v.size, a.instance, a.device, a.state, a.since})
	}
	return list
}

// MakeVolume makes a volume, available for long, and returns its id.
func (w *World) MakeVolume(region, zone string, size int) string {
	defer w.enter()()
	defer w.written()
	r := w.region(region)
	v := w.createVolume(r, volume{zone: orElse(zone, r.zones()[0]), kind: "gp3", size: size, iops: 3000, throughput: 125})
	v.state = available
	return v.id
}

// Attach attaches a volume to an instance, as if it had been there for long.
func (w *World) Attach(id, instance, device string) {
	w.withVolume(id, func(_ *region, v *volume) {
		v.state, v.attached = inUse, attachment{instance, device, attached, w.clock.now}
	})
}

// Detach begins to detach a volume.
func (w *World) Detach(id string) { w.withVolume(id, func(_ *region, v *volume) { w.detachVolume(v) }) }

// SetAttachment puts the attachment of a volume into a state that nothing leads
// out of: "busy", or a word that a program does not know.
func (w *World) SetAttachment(id, state string) {
	w.withVolume(id, func(_ *region, v *volume) { v.attached.state = state })
}

// Modify begins a modification of a volume to another size.
func (w *World) Modify(id string, size int) {
	w.withVolume(id, func(r *region, v *volume) {
		to := *v
		to.size = size
		w.modifyVolume(r, v, to)
	})
}

// Snapshot makes a snapshot of a volume that completes at once.
func (w *World) Snapshot(id string) string {
	var made string
	w.withVolume(id, func(r *region, v *volume) {
		s := &volumeSnapshot{id: w.id("snap"), volume: v.id, state: "completed", size: v.size, began: w.clock.now}
		r.snapshots[s.id], made = s, s.id
	})
	return made
}

// SetVolumeStatus makes the status of a volume, a root's too, say what it is
// told: "impaired", or "warning" with an io-performance such as "degraded".
// Empty is well again.
func (w *World) SetVolumeStatus(region, id, status, performance string) {
	defer w.enter()()
	defer w.written()
	d := w.region(region).diskOf(id)
	d.status, d.slow = status, performance
}

func (w *World) withVolume(id string, do func(*region, *volume)) {
	defer w.enter()()
	defer w.written()
	for _, r := range sorted(w.regions) {
		if v := r.volumes[id]; v != nil {
			do(r, v)
			return
		}
	}
	panic("awssim: there is no volume " + id)
}

// attachments are those of an instance, its root first, as the API shows them.
func (r *region) attachments(in *instance) []attachmentItem {
	list := []attachmentItem{{in.volume, in.id, rootDevice, attached, in.launched, true}}
	data := r.disksOn(in.id)
	slices.SortStableFunc(data, func(a, b *volume) int {
		if a.attached.device < b.attached.device {
			return -1
		}
		return 1
	})
	for _, v := range data {
		list = append(list, attachmentItem{v.id, in.id, v.attached.device, v.attached.state, v.attached.since, false})
	}
	return list
}

// everyVolume is the volumes a region shows, roots included.
func (r *region) everyVolume() map[string]volumeItem {
	all := map[string]volumeItem{}
	for _, in := range r.instances {
		if in.state != terminated {
			all[in.volume] = volumeItem{ID: in.volume, Size: in.volumeSize, Zone: in.zone, Status: inUse, Created: in.launched,
				Attachments: r.attachments(in)[:1], Tags: tagItems(r.tags[in.volume]), Type: in.volumeType, IOPS: 3000, Throughput: 125}
		}
	}
	for _, v := range r.volumes {
		item := volumeItem{ID: v.id, Size: v.size, Zone: v.zone, Status: v.state, Created: v.created, Tags: tagItems(r.tags[v.id]), Type: v.kind,
			IOPS: v.iops, Throughput: v.throughput, Encrypted: v.encrypted, Snapshot: v.snapshot}
		if a := v.attached; a.instance != "" {
			item.Attachments = []attachmentItem{{v.id, a.instance, a.device, a.state, a.since, false}}
		}
		all[v.id] = item
	}
	return all
}

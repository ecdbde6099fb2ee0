package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/holdfast-gate/holdfast/gate"
)

const (
	callVolumes       = "ec2:DescribeVolumes"
	callVolumeStatus  = "ec2:DescribeVolumeStatus"
	callModifications = "ec2:DescribeVolumesModifications"
	callSnapshots     = "ec2:DescribeSnapshots"
	pageVolumes       = 500 // most that MaxResults allows in all four calls (EC2 API)
)

// disks is what one reading learns of volumes.
type disks struct {
	*reading
	volumes       map[string]ec2types.Volume
	status        map[string]ec2types.VolumeStatusItem
	modifications map[string]ec2types.VolumeModification // the last of each
	snapshots     map[string][]ec2types.Snapshot         // by volume
}

// readVolumes reads the volumes of the members that were found, and those that
// were asked about by id. Their status, their modifications and their snapshots
// are read as far as they were asked for.
func (r *reading) readVolumes(ctx context.Context) {
	d := disks{r, map[string]ec2types.Volume{}, map[string]ec2types.VolumeStatusItem{}, map[string]ec2types.VolumeModification{}, map[string][]ec2types.Snapshot{}}
	volumes, status, modifications, snapshots := r.extra[gate.SourceVolumes], r.extra[gate.SourceVolumeStatus], r.extra[gate.SourceModifications], r.extra[gate.SourceSnapshots]
	if volumes == nil {
		volumes = &source{name: gate.SourceVolumes}
		volumes.fail(fault{gate.ProblemMissing, "nobody asked for " + gate.SourceVolumes})
	} else {
		d.find(ctx, volumes)
	}
	// Which volumes there are decides whom the other three are about.
	for _, s := range []*source{status, modifications} {
		if s != nil && !volumes.whole() {
			s.fail(fault{gate.ProblemMissing, s.name + " in " + r.region + " was not read for every volume, because not every volume could be read"})
		}
	}
	ids := slices.Sorted(maps.Keys(d.volumes))
	together(
		func() { d.readStatus(ctx, status, ids) },
		func() { d.readModifications(ctx, modifications, ids) },
		func() { d.readSnapshots(ctx, snapshots, r.about(gate.SourceSnapshots)) },
	)
	for _, id := range ids {
		r.hold(d.store(id))
	}
}

// find looks for volumes by the instances that have them, and by id where they
// were named: one that nobody has is found by nothing else. Filters, since an
// id that is gone would fail the whole request.
func (d disks) find(ctx context.Context, s *source) {
	if !d.instances.whole() {
		s.fail(fault{gate.ProblemMissing, s.name + " in " + d.region + " was not read for every member, because not every member could be read"})
	}
	var members, named []string
	for id, i := range d.ec2 {
		if stateOf(i) != string(ec2types.InstanceStateNameTerminated) {
			members = append(members, id)
		}
	}
	for _, source := range []string{gate.SourceVolumes, gate.SourceSnapshots} {
		for _, id := range d.about(source) {
			if strings.HasPrefix(id, "vol-") {
				named = append(named, id)
			}
		}
	}
	each(slices.Concat(filters("attachment.instance-id", members), filters("volume-id", named)), func(f ec2types.Filter) {
		p := ec2.NewDescribeVolumesPaginator(d.clients.ec2(), &ec2.DescribeVolumesInput{Filters: []ec2types.Filter{f}, MaxResults: d.pageSize(pageVolumes)})
		page, err := pages(ctx, s, p.HasMorePages,
			func(ctx context.Context) (*ec2.DescribeVolumesOutput, error) { return p.NextPage(ctx) },
			func(out *ec2.DescribeVolumesOutput) *string {
				d.mu.Lock()
				defer d.mu.Unlock()
				for _, v := range out.Volumes {
					d.volumes[sdk.ToString(v.VolumeId)] = v
				}
				return out.NextToken
			})
		if err != nil {
			s.fail(onPage(page, explain(ctx, callVolumes, d.region, err)))
		}
	})
}

// filters are the filters of that name for any number of values.
func filters(name string, values []string) []ec2types.Filter {
	slices.Sort(values)
	var out []ec2types.Filter
	for some := range slices.Chunk(slices.Compact(values), batchValues) {
		out = append(out, filter(name, some))
	}
	return out
}

// readStatus reads whether volumes work and are as fast as they should be. The
// call knows no filter by id.
func (d disks) readStatus(ctx context.Context, s *source, ids []string) {
	if s == nil {
		return
	}
	b := batches{reading: d.reading, source: s, call: callVolumeStatus, unread: func([]string) {},
		read: func(ctx context.Context, ids []string, more ...func(*ec2.Options)) error {
			p := ec2.NewDescribeVolumeStatusPaginator(d.clients.ec2(), &ec2.DescribeVolumeStatusInput{VolumeIds: ids})
			_, err := pages(ctx, s, p.HasMorePages,
				func(ctx context.Context) (*ec2.DescribeVolumeStatusOutput, error) { return p.NextPage(ctx, more...) },
				func(out *ec2.DescribeVolumeStatusOutput) *string {
					d.mu.Lock()
					defer d.mu.Unlock()
					for _, v := range out.VolumeStatuses {
						d.status[sdk.ToString(v.VolumeId)] = v
					}
					return out.NextToken
				})
			return err
		}}
	b.all(ctx, ids)
}

// readModifications reads the last modification of each volume. Most have
// none, and to name one of those is an error: so they are filtered for.
func (d disks) readModifications(ctx context.Context, s *source, ids []string) {
	if s == nil {
		return
	}
	each(filters("volume-id", ids), func(f ec2types.Filter) {
		p := ec2.NewDescribeVolumesModificationsPaginator(d.clients.ec2(), &ec2.DescribeVolumesModificationsInput{Filters: []ec2types.Filter{f}, MaxResults: d.pageSize(pageVolumes)})
		page, err := pages(ctx, s, p.HasMorePages,
			func(ctx context.Context) (*ec2.DescribeVolumesModificationsOutput, error) { return p.NextPage(ctx) },
			func(out *ec2.DescribeVolumesModificationsOutput) *string {
				d.mu.Lock()
				defer d.mu.Unlock()
				for _, m := range out.VolumesModifications {
					id := sdk.ToString(m.VolumeId)
					if old, there := d.modifications[id]; !there || sdk.ToTime(m.StartTime).After(sdk.ToTime(old.StartTime)) {
						d.modifications[id] = m
					}
				}
				return out.NextToken
			})
		if err != nil {
			s.fail(onPage(page, explain(ctx, callModifications, d.region, err)))
		}
	})
}

// readSnapshots reads the snapshots of volumes that this account made.
func (d disks) readSnapshots(ctx context.Context, s *source, ids []string) {
	if s == nil {
		return
	}
	each(filters("volume-id", ids), func(f ec2types.Filter) {
		p := ec2.NewDescribeSnapshotsPaginator(d.clients.ec2(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, Filters: []ec2types.Filter{f}, MaxResults: d.pageSize(pageVolumes)})
		page, err := pages(ctx, s, p.HasMorePages,
			func(ctx context.Context) (*ec2.DescribeSnapshotsOutput, error) { return p.NextPage(ctx) },
			func(out *ec2.DescribeSnapshotsOutput) *string {
				d.mu.Lock()
				defer d.mu.Unlock()
				for _, one := range out.Snapshots {
					id := sdk.ToString(one.VolumeId)
					d.snapshots[id] = append(d.snapshots[id], one)
				}
				return out.NextToken
			})
		if err != nil {
			s.fail(onPage(page, explain(ctx, callSnapshots, d.region, err)))
		}
	})
}

// store is a volume in the words of the gate.
func (d disks) store(id string) gate.DataStore {
	v := d.volumes[id]
	out := gate.DataStore{Kind: gate.KindVolume, ID: id, Region: d.region, Facts: map[string]string{
		"size": fmt.Sprint(sdk.ToInt32(v.Size)), "type": string(v.VolumeType), "availability_zone": sdk.ToString(v.AvailabilityZone)}}
	out.Observed = append(out.Observed, d.observe(gate.SourceVolumes, "ec2.VolumeState", string(v.State)))
	var instances []string
	for _, a := range v.Attachments {
		instances = append(instances, sdk.ToString(a.InstanceId))
		o := d.observe(gate.SourceVolumes, gate.FieldAttachment, string(a.State))
		o.Since, o.Detail = sdk.ToTime(a.AttachTime).UTC(), joined(sdk.ToString(a.InstanceId), sdk.ToString(a.Device))
		out.Observed = append(out.Observed, o)
	}
	slices.Sort(instances)
	out.Facts["instances"] = strings.Join(instances, ",")
	if d.extra[gate.SourceVolumeStatus] != nil {
		out.Observed = append(out.Observed, d.health(id)...)
	}
	if m, there := d.modifications[id]; there {
		o := d.observe(gate.SourceModifications, "ec2.VolumeModificationState", string(m.ModificationState))
		o.Since, o.Detail = sdk.ToTime(m.StartTime).UTC(), sdk.ToString(m.StatusMessage)
		// One that has failed is over, and the volume is as it was.
		o.Opinion = m.ModificationState != ec2types.VolumeModificationStateFailed
		out.Observed = append(out.Observed, o)
	}
	for _, s := range d.snapshots[id] {
		c := gate.Copy{Kind: "snapshot", ID: sdk.ToString(s.SnapshotId), At: sdk.ToTime(s.StartTime).UTC(), Survives: gate.Yes, State: string(s.State), Usable: gate.No}
		if s.State == ec2types.SnapshotStateCompleted {
			c.Usable = gate.Yes
		}
		out.Copies = append(out.Copies, c)
	}
	return out
}

// health is what the status of a volume says. One that is in error has none
// (aws-semantics 3.2), and its state says so.
func (d disks) health(id string) []gate.Observation {
	s, read := d.status[id]
	if !read || s.VolumeStatus == nil {
		// Nobody says how it is: it may not be taken for well.
		return []gate.Observation{{Source: gate.SourceVolumeStatus, Field: "ec2.VolumeStatusInfoStatus", Raw: "not read", Serving: gate.ServingNo, Opinion: true}}
	}
	out := []gate.Observation{d.observe(gate.SourceVolumeStatus, "ec2.VolumeStatusInfoStatus", string(s.VolumeStatus.Status))}
	for _, one := range s.VolumeStatus.Details {
		out[0].Detail = joined(out[0].Detail, string(one.Name)+" "+sdk.ToString(one.Status))
		if word := sdk.ToString(one.Status); one.Name == ec2types.VolumeStatusNameIoPerformance && slow(word) {
			out = append(out, gate.Observation{Source: gate.SourceVolumeStatus, Field: "ec2.VolumeStatus.io-performance", Raw: word, Phase: gate.Changing, Serving: gate.ServingYes, Opinion: true})
		}
	}
	for _, e := range s.Events {
		out = append(out, gate.Observation{Source: gate.SourceVolumeStatus, Field: "ec2.VolumeStatusEvent", Raw: sdk.ToString(e.EventType), Phase: gate.Failed, Serving: gate.ServingNo, Opinion: true,
			Since: sdk.ToTime(e.NotBefore).UTC(), Detail: sdk.ToString(e.Description)})
	}
	for _, a := range s.Actions {
		out = append(out, gate.Observation{Source: gate.SourceVolumeStatus, Field: "ec2.VolumeStatusAction", Raw: sdk.ToString(a.Code), Phase: gate.Failed, Serving: gate.ServingNo, Opinion: true, Detail: sdk.ToString(a.Description)})
	}
	return out
}

// slow reports whether a word for io-performance is none of those that say
// nothing is wrong; one that is not known is.
func slow(word string) bool {
	return !slices.Contains([]string{"normal", "not-applicable", "insufficient-data"}, word)
}

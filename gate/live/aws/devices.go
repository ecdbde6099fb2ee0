package aws

import (
	"cmp"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// fromDevices fills in the volumes of an instance. While it runs, one that is
// not attached, or not any more, is as good as a disk that is not mounted: the
// instance does not serve.
func (r *reading) fromDevices(m *gate.Member, i ec2types.Instance) {
	for _, d := range i.BlockDeviceMappings {
		if d.Ebs == nil {
			continue // an instance store
		}
		a := gate.Attached{Volume: sdk.ToString(d.Ebs.VolumeId), Device: sdk.ToString(d.DeviceName), State: string(d.Ebs.Status)}
		m.Volumes = append(m.Volumes, a)
		if d.Ebs.Status == ec2types.AttachmentStatusAttached || stateOf(i) != string(ec2types.InstanceStateNameRunning) {
			continue
		}
		o := r.observe(gate.SourceInstances, gate.FieldAttachment, a.State)
		o.Since, o.Detail = sdk.ToTime(d.Ebs.AttachTime).UTC(), joined(a.Volume, a.Device)
		m.Observed = append(m.Observed, o)
	}
	slices.SortFunc(m.Volumes, func(a, b gate.Attached) int {
		return cmp.Or(cmp.Compare(a.Volume, b.Volume), cmp.Compare(a.Device, b.Device))
	})
}

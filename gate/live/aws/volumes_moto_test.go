//go:build moto

package aws_test

import (
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

func (m *moto) Volume(region string) string {
	m.t.Helper()
	out, err := ec2.NewFromConfig(m.in(region)).CreateVolume(m.t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: sdk.String(region + "a"), Size: sdk.Int32(10)})
	return *must(m, out, err).VolumeId
}

func (m *moto) Attach(region, volume, instance string) {
	m.t.Helper()
	out, err := ec2.NewFromConfig(m.in(region)).AttachVolume(m.t.Context(), &ec2.AttachVolumeInput{VolumeId: &volume, InstanceId: &instance, Device: sdk.String("/dev/sdf")})
	must(m, out, err)
}

func (m *moto) Snapshot(region, volume string) string {
	m.t.Helper()
	out, err := ec2.NewFromConfig(m.in(region)).CreateSnapshot(m.t.Context(), &ec2.CreateSnapshotInput{VolumeId: &volume})
	return *must(m, out, err).SnapshotId
}

// Moto does not know DescribeVolumeStatus, and gives all volumes on one page.
func TestVolumesOnMoto(t *testing.T) {
	endpoint := emulator.Start(t)
	livetest.Volumes(t, livetest.ShowsVolumes{}, func(t *testing.T) livetest.VolumeCloud { return newMoto(t, endpoint) })
}

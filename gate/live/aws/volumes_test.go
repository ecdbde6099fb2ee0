package aws_test

import (
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

func (s *sim) Volume(region string) string { return s.MakeVolume(region, "", 10) }

func (s *sim) Attach(_, volume, instance string) { s.World.Attach(volume, instance, "/dev/sdf") }

func (s *sim) Snapshot(_, volume string) string { return s.World.Snapshot(volume) }

func TestVolumesOnAwssim(t *testing.T) {
	livetest.Volumes(t, livetest.ShowsVolumes{Health: true, Pages: true}, func(t *testing.T) livetest.VolumeCloud {
		return newSim(t, aws.Options{PageSize: livetest.PageSize})
	})
}

// disks is a member with a data volume, read after something happened to it.
func disks(t *testing.T, happens func(s *sim, id, volume string)) (*gate.Snapshot, gate.Member, gate.DataStore) {
	t.Helper()
	s := newSim(t, aws.Options{Attempts: 1})
	id := s.Launch(livetest.Home, 1, map[string]string{live.ClusterTag: "search"})[0]
	volume := s.Volume(livetest.Home)
	s.World.Attach(volume, id, "/dev/sdf")
	happens(s, id, volume)
	w := live.Want{Instances: []string{id}, Asked: map[string][]string{gate.SourceVolumes: {volume}, gate.SourceVolumeStatus: nil, gate.SourceModifications: nil}}
	got := live.Read(t.Context(), s.Now, s.collector, map[string]live.Want{livetest.Home: w})
	d, _ := got.DataStore(gate.KindVolume, livetest.Home, volume)
	if len(got.Members) != 1 {
		t.Fatalf("got %d members, want 1", len(got.Members))
	}
	return got, got.Members[0], d
}

func TestVolumeStates(t *testing.T) {
	tests := map[string]struct {
		happens func(s *sim, id, volume string)
		phase   gate.Phase // of the volume
		serving gate.Serving
		member  gate.Serving
		says    string
	}{
		"well":       {func(*sim, string, string) {}, gate.Steady, gate.ServingYes, gate.ServingYes, "ok"},
		"impaired":   {func(s *sim, _, v string) { s.SetVolumeStatus(livetest.Home, v, "impaired", "") }, gate.Failed, gate.ServingNo, gate.ServingYes, "enable-volume-io"},
		"degraded":   {func(s *sim, _, v string) { s.SetVolumeStatus(livetest.Home, v, "warning", "severely-degraded") }, gate.Changing, gate.ServingYes, gate.ServingYes, "severely-degraded"},
		"slow, ok":   {func(s *sim, _, v string) { s.SetVolumeStatus(livetest.Home, v, "", "stalled") }, gate.Changing, gate.ServingYes, gate.ServingYes, "stalled"},
		"a new word": {func(s *sim, _, v string) { s.SetVolumeStatus(livetest.Home, v, "unheard-of", "") }, gate.PhaseUnknown, gate.ServingNo, gate.ServingYes, "unheard-of"},
		"modifying":  {func(s *sim, _, v string) { s.Modify(v, 20) }, gate.Changing, gate.ServingYes, gate.ServingYes, "modifying"},
		"optimizing": {func(s *sim, _, v string) { s.Modify(v, 20); s.Advance(s.Timing().Modifying) }, gate.Changing, gate.ServingYes, gate.ServingYes, "optimizing"},
		"completed": {func(s *sim, _, v string) { s.Modify(v, 20); s.Advance(s.Timing().Modifying + s.Timing().Optimizing) }, gate.Steady, gate.ServingYes, gate.ServingYes,
			"completed"},
		"detaching": {func(s *sim, _, v string) { s.Detach(v) }, gate.Leaving, gate.ServingNo, gate.ServingNo, "detaching"},
		"detached":  {func(s *sim, _, v string) { s.Detach(v); s.Advance(s.Timing().Detaching) }, gate.Steady, gate.ServingNo, gate.ServingYes, "available"},
		"busy":      {func(s *sim, _, v string) { s.SetAttachment(v, "busy") }, gate.Leaving, gate.ServingNo, gate.ServingNo, "busy"},
		"new state": {func(s *sim, _, v string) { s.SetAttachment(v, "unheard-of") }, gate.PhaseUnknown, gate.ServingNo, gate.ServingNo, "unheard-of"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, m, d := disks(t, tt.happens)
			if d.Phase != tt.phase || d.Serving != tt.serving {
				t.Errorf("volume: got %v, serving %v, want %v, %v: %+v", d.Phase, d.Serving, tt.phase, tt.serving, d.Observed)
			}
			if m.Serving != tt.member {
				t.Errorf("member: got serving %v, want %v: %+v", m.Serving, tt.member, m.Observed)
			}
			said := false
			for _, o := range d.Observed {
				said = said || o.Raw == tt.says
			}
			if !said {
				t.Errorf("nobody says %q: %+v", tt.says, d.Observed)
			}
		})
	}
}

// A call that is denied or throttled makes its own source incomplete, and names
// the action; without the volumes nobody can be asked how they are.
func TestVolumesUnread(t *testing.T) {
	tests := map[string]struct {
		action string
		failed []string // by name of the source
	}{
		"DescribeVolumes":              {"DescribeVolumes", []string{gate.SourceModifications, gate.SourceVolumes, gate.SourceVolumeStatus}},
		"DescribeVolumeStatus":         {"DescribeVolumeStatus", []string{gate.SourceVolumeStatus}},
		"DescribeVolumesModifications": {"DescribeVolumesModifications", []string{gate.SourceModifications}},
	}
	for name, tt := range tests {
		for problem, strike := range map[gate.Problem]func(*sim){
			gate.ProblemDenied:    func(s *sim) { s.Deny("ec2." + tt.action) },
			gate.ProblemThrottled: func(s *sim) { s.Throttle("ec2."+tt.action, -1) },
		} {
			t.Run(name+" "+string(problem), func(t *testing.T) {
				got, _, _ := disks(t, func(s *sim, _, _ string) { strike(s) })
				var failed []string
				for _, src := range got.Sources {
					if src.Complete {
						continue
					}
					failed = append(failed, src.Name)
					if strings.HasSuffix(gate.Permissions(src.Name)[0], ":"+tt.action) && (src.Problem != problem || !strings.Contains(src.Err, "ec2:"+tt.action)) {
						t.Errorf("%s: got %q, %q, want %q and the action", src.Name, src.Problem, src.Err, problem)
					}
				}
				if strings.Join(failed, " ") != strings.Join(tt.failed, " ") {
					t.Errorf("incomplete: got %v, want %v", failed, tt.failed)
				}
			})
		}
	}
}

package livetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// A VolumeCloud is a Cloud that has volumes.
type VolumeCloud interface {
	Cloud
	// Volume makes a volume that nobody has, and returns its id.
	Volume(region string) string
	// Attach attaches a volume to an instance, and returns when it is there.
	Attach(region, volume, instance string)
	// Snapshot makes a snapshot of a volume, and returns its id when it is whole.
	Snapshot(region, volume string) string
}

// ShowsVolumes says what a cloud can show of volumes.
type ShowsVolumes struct {
	Health bool // it tells how a volume is; without, that source must fail
	Pages  bool // it gives volumes page by page
}

// Volumes is the part of the suite about volumes.
func Volumes(t *testing.T, shows ShowsVolumes, open func(t *testing.T) VolumeCloud) {
	t.Run("OfMembersBeyondOnePage", func(t *testing.T) {
		c := open(t)
		ids := c.Launch(Home, 2*PageSize+2, tag("search"))
		data := c.Volume(Home)
		c.Attach(Home, data, ids[0])
		stranger := c.Volume(Home)
		s := readVolumes(t, c, shows.Health, tag("search"), nil)
		for _, m := range s.Members {
			want := 1
			if m.ID == ids[0] {
				want = 2
			}
			if len(m.Volumes) != want {
				t.Errorf("%s: got volumes %+v, want %d", m.ID, m.Volumes, want)
			}
			for _, a := range m.Volumes {
				d, ok := s.DataStore(gate.KindVolume, Home, a.Volume)
				if !ok || a.State != "attached" || d.Facts["instances"] != m.ID {
					t.Errorf("%s: volume %s: got %v, %+v", m.ID, a.Volume, a, d)
				}
				if shows.Health && (d.Phase != gate.Steady || d.Serving != gate.ServingYes) {
					t.Errorf("%s: got %v, serving %v, want it well: %+v", a.Volume, d.Phase, d.Serving, d.Observed)
				}
			}
		}
		if _, ok := s.DataStore(gate.KindVolume, Home, stranger); ok {
			t.Errorf("%s is nobody's, and was read", stranger)
		}
		if n := calls(s, gate.SourceVolumes); shows.Pages && n < 3 {
			t.Errorf("calls: got %d, want a page each", n)
		}
	})
	t.Run("ByIDWithSnapshots", func(t *testing.T) {
		c := open(t)
		id := c.Volume(Home)
		copied := c.Snapshot(Home, id)
		s := readVolumes(t, c, shows.Health, nil, []string{id, "vol-00000000000000001"})
		d, ok := s.DataStore(gate.KindVolume, Home, id)
		if !ok || len(s.DataStores) != 1 {
			t.Fatalf("got %+v, want %s alone", s.DataStores, id)
		}
		if len(d.Copies) != 1 || d.Copies[0].ID != copied || d.Copies[0].Usable != gate.Yes || d.Copies[0].At.IsZero() {
			t.Errorf("copies: got %+v, want %s, usable", d.Copies, copied)
		}
	})
}

// readVolumes reads the volumes of members with a tag, and of ids.
func readVolumes(t *testing.T, c Cloud, health bool, tags map[string]string, ids []string) *gate.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w := live.Want{Asked: map[string][]string{gate.SourceVolumes: ids, gate.SourceVolumeStatus: nil, gate.SourceModifications: nil, gate.SourceSnapshots: ids}}
	for k, v := range tags {
		w.Tags = append(w.Tags, live.Tag{Key: k, Values: []string{v}})
	}
	s := live.Read(ctx, c.Now, c.Collector(), map[string]live.Want{Home: w})
	for _, src := range s.Sources {
		if !slices.Contains([]string{gate.SourceVolumes, gate.SourceVolumeStatus, gate.SourceModifications, gate.SourceSnapshots}, src.Name) {
			continue
		}
		if src.Name == gate.SourceVolumeStatus && !health && len(s.DataStores) > 0 {
			if src.Complete || src.Problem == gate.ProblemNone {
				t.Errorf("%s: got it complete: this cloud has no such call", src.Name)
			}
			continue
		}
		if !src.Complete {
			t.Errorf("%s: got %q, %q, want it complete", src.Name, src.Problem, src.Err)
		}
	}
	return s
}

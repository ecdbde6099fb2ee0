package livetest

import (
	"context"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// A StorageCloud is a Cloud whose CloudWatch says how much a bucket holds.
type StorageCloud interface {
	Cloud
	// Stored makes a bucket that has held that many objects of one byte each for
	// days.
	Stored(region, name string, objects int)
}

// usedBucket begins with a digit, for moto finds a metric by two dimensions only
// where the values of one sort before the names of the other.
const usedBucket = "2026-files"

// Storage is the part of the suite about how much a bucket holds, of which
// CloudWatch knows once a day. How far replicas are behind, which it knows too, is
// part of Databases and Caches. weight is what
// the cloud takes seven objects of a byte for.
func Storage(t *testing.T, weight int64, open func(t *testing.T) StorageCloud) {
	read := func(t *testing.T, c StorageCloud) gate.DataStore {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := live.Read(ctx, c.Now, c.Collector(), map[string]live.Want{Home: {Asked: map[string][]string{gate.SourceStorage: {usedBucket}, gate.SourceVersioning: {usedBucket}}}})
		for _, src := range s.Sources {
			if src.Name == gate.SourceStorage && !src.Complete {
				t.Errorf("%s: got %q, %q, want it complete", src.Name, src.Problem, src.Err)
			}
		}
		d, _ := s.DataStore(gate.KindBucket, Home, usedBucket)
		return d
	}
	t.Run("HowMuchABucketHolds", func(t *testing.T) {
		c := open(t)
		c.Stored(Home, "2025-files", 2)
		c.Stored(Home, usedBucket, 7)
		d := read(t, c)
		if d.Holds == nil || d.Holds.Usage == nil {
			t.Fatalf("got %+v, want to know how much it holds", d.Holds)
		}
		if u := d.Holds.Usage; u.Objects != 7 || u.Bytes != weight || u.At.IsZero() || c.Now().Sub(u.At) > 72*time.Hour {
			t.Errorf("got %+v, want 7 objects of %d bytes in all, of one of the last days", u, weight)
		}
	})
	t.Run("WhatNobodyHasCounted", func(t *testing.T) {
		c := open(t)
		c.Stored(Home, "2025-files", 2)
		if d := read(t, c); d.Holds != nil && d.Holds.Usage != nil {
			t.Errorf("got %+v of a bucket without a metric", d.Holds.Usage)
		}
	})
}

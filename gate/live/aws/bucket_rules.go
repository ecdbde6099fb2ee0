package aws

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/holdfast-gate/holdfast/gate"
)

func (b *bucketRead) readRules(ctx context.Context, all *sites) {
	s := b.wants(gate.SourceLifecycle)
	if s == nil {
		return
	}
	b.call(ctx, s, "s3:GetLifecycleConfiguration", all, "NoSuchLifecycleConfiguration", func(ctx context.Context, at *site) error {
		out, err := at.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &b.name})
		if err != nil {
			return err
		}
		small := out.TransitionDefaultMinimumObjectSize == s3types.TransitionDefaultMinimumObjectSizeVariesByStorageClass
		var rules []gate.LifecycleRule
		for _, r := range out.Rules {
			rules = append(rules, ruleOf(r, small))
		}
		b.store.Holds.Rules = rules
		return nil
	})
}

// ruleOf is a live rule. Planned ones are measured against it, so what is not
// known of it takes nothing.
func ruleOf(r s3types.LifecycleRule, small bool) gate.LifecycleRule {
	out := gate.LifecycleRule{ID: sdk.ToString(r.ID), Active: r.Status == s3types.ExpirationStatusEnabled, Filter: filterOf(r)}
	small = small || out.Filter.Over > 0 || out.Filter.Under > 0
	add := func(does string, days *int32, keep int32, class string) *gate.LifecycleStep {
		out.Acts = append(out.Acts, gate.LifecycleStep{Does: does, Days: int(sdk.ToInt32(days)), Keep: int(keep), Class: class})
		return &out.Acts[len(out.Acts)-1]
	}
	if e := r.Expiration; e != nil && (e.Days != nil || e.Date != nil) {
		add(gate.StepExpire, e.Days, 0, "").Date = sdk.ToTime(e.Date)
	}
	if e := r.NoncurrentVersionExpiration; e != nil && e.NoncurrentDays != nil {
		add(gate.StepExpireVersions, e.NoncurrentDays, sdk.ToInt32(e.NewerNoncurrentVersions), "")
	}
	for _, t := range r.Transitions {
		if gate.Archived(string(t.StorageClass)) && (t.Days != nil || t.Date != nil) {
			s := add(gate.StepArchive, t.Days, 0, string(t.StorageClass))
			s.Date, s.Small = sdk.ToTime(t.Date), small
		}
	}
	for _, t := range r.NoncurrentVersionTransitions {
		if gate.Archived(string(t.StorageClass)) && t.NoncurrentDays != nil {
			add(gate.StepArchiveOld, t.NoncurrentDays, sdk.ToInt32(t.NewerNoncurrentVersions), string(t.StorageClass)).Small = small
		}
	}
	return out
}

func filterOf(r s3types.LifecycleRule) gate.Filter {
	f := r.Filter
	switch {
	case f == nil:
		//lint:ignore SA1019 rules made before filters have it, and cover what it says
		return gate.Filter{Prefix: sdk.ToString(r.Prefix)}
	case f.And != nil:
		return gate.Filter{Prefix: sdk.ToString(f.And.Prefix), Tags: s3Tags(f.And.Tags), Over: sdk.ToInt64(f.And.ObjectSizeGreaterThan), Under: sdk.ToInt64(f.And.ObjectSizeLessThan)}
	}
	out := gate.Filter{Prefix: sdk.ToString(f.Prefix), Over: sdk.ToInt64(f.ObjectSizeGreaterThan), Under: sdk.ToInt64(f.ObjectSizeLessThan)}
	if f.Tag != nil {
		out.Tags = s3Tags([]s3types.Tag{*f.Tag})
	}
	return out
}

func s3Tags(list []s3types.Tag) map[string]string {
	var out map[string]string
	for _, t := range list {
		if out == nil {
			out = map[string]string{}
		}
		out[sdk.ToString(t.Key)] = sdk.ToString(t.Value)
	}
	return out
}

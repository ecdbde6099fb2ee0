package awssim

import (
	"path"
	"slices"
	"strings"
)

func (w *World) ec2() service {
	return service{
		namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
		flat:      true,
		actions: map[string]action{
			"DescribeInstances":                    describeInstances,
			"DescribeInstanceStatus":               describeInstanceStatus,
			"DescribeInstanceAttribute":            describeInstanceAttribute,
			"DescribeInstanceCreditSpecifications": describeCredits,
			"GetInstanceUefiData":                  uefiData,
			"RunInstances":                         runInstances,
			"TerminateInstances":                   terminateInstances,
			"StopInstances":                        stopInstances,
			"StartInstances":                       startInstances,
			"RebootInstances":                      rebootInstances,
			"ModifyInstanceAttribute":              modifyInstanceAttribute,
			"MonitorInstances":                     monitor(true),
			"UnmonitorInstances":                   monitor(false),
			"CreateTags":                           createTags,
			"DeleteTags":                           deleteTags,
			"DescribeTags":                         describeTags,
			"DescribeVolumes":                      describeVolumes,
			"DescribeVolumeStatus":                 describeVolumeStatus,
			"DescribeVolumesModifications":         describeModifications,
			"CreateVolume":                         createVolume,
			"DeleteVolume":                         deleteVolume,
			"ModifyVolume":                         modifyVolume,
			"AttachVolume":                         attachVolume,
			"DetachVolume":                         detachVolume,
			"DescribeSnapshots":                    describeSnapshots,
			"CreateSnapshot":                       createSnapshot,
			"DescribeVpcs":                         describeVpcs,
			"DescribeVpcAttribute":                 describeVpcAttribute,
			"DescribeRouteTables":                  describeRouteTables,
			"DescribeSubnets":                      describeSubnets,
			"DescribeAvailabilityZones":            describeZones,
			"DescribeSecurityGroups":               describeSecurityGroups,
			"DescribeNetworkInterfaces":            describeInterfaces,
			"DescribeInstanceTypes":                describeInstanceTypes,
			"DescribeImages":                       describeImages,
			"DescribeAccountAttributes":            describeAccountAttributes,
			"DescribeRegions":                      describeRegions,
			"CreateLaunchTemplate":                 createLaunchTemplate,
			"CreateLaunchTemplateVersion":          createTemplateVersion,
			"ModifyLaunchTemplate":                 modifyLaunchTemplate,
			"DeleteLaunchTemplate":                 deleteLaunchTemplate,
			"DeleteLaunchTemplateVersions":         deleteTemplateVersions,
			"DescribeLaunchTemplates":              describeLaunchTemplates,
			"DescribeLaunchTemplateVersions":       describeTemplateVersions,
		},
	}
}

// tagItem is a tag as EC2 shows it.
type tagItem struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func tagItems(tags map[string]string) []tagItem {
	var list []tagItem
	for _, k := range keys(tags) {
		list = append(list, tagItem{k, tags[k]})
	}
	return list
}

// ec2Filters reports whether something passes all the filters of a request.
// values returns what it has for a filter of that name, and false if there is
// no such filter.
func ec2Filters(r *request, values func(name string) ([]string, bool)) (bool, error) {
	passes := true
	for _, f := range r.list("Filter") {
		name := f.str("Name")
		have, known := values(name)
		if !known {
			return false, failure("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		if !anyMatch(f.strs("Value"), have) {
			passes = false
		}
	}
	return passes, nil
}

// anyMatch reports whether one of the values wanted, in which * and ? stand
// for anything, is there.
func anyMatch(want, have []string) bool {
	return slices.ContainsFunc(have, func(h string) bool {
		return slices.ContainsFunc(want, func(w string) bool {
			// A slash means nothing here, but it does to path.Match.
			ok, err := path.Match(strings.ReplaceAll(w, "/", "\x00"), strings.ReplaceAll(h, "/", "\x00"))
			return err == nil && ok
		})
	})
}

// tagFilter answers the filters every taggable thing has: tag:<key> and
// tag-key.
func tagFilter(tags map[string]string, name string) ([]string, bool) {
	if name == "tag-key" {
		return keys(tags), true
	}
	key, ok := strings.CutPrefix(name, "tag:")
	if !ok {
		return nil, false
	}
	if v, there := tags[key]; there {
		return []string{v}, true
	}
	return nil, true
}

// pick returns what a request names by ids, or everything if it names nothing,
// as far as it passes the filters. code is the error for an id that is not
// there.
func pick[T any](r *request, all map[string]T, ids []string, code string, values func(item T, filter string) ([]string, bool)) ([]T, error) {
	if len(ids) == 0 {
		ids = keys(all)
	} else if err := missing(all, ids, code); err != nil {
		return nil, err
	}
	// A filter that does not exist is an error even where nothing is.
	var none T
	if _, err := ec2Filters(r, func(name string) ([]string, bool) { return values(none, name) }); err != nil {
		return nil, err
	}
	var list []T
	for _, id := range slices.Sorted(slices.Values(ids)) {
		ok, err := ec2Filters(r, func(name string) ([]string, bool) { return values(all[id], name) })
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, all[id])
		}
	}
	return list, nil
}

func missing[T any](all map[string]T, ids []string, code string) error {
	var gone []string
	for _, id := range ids {
		if _, ok := all[id]; !ok {
			gone = append(gone, id)
		}
	}
	switch len(gone) {
	case 0:
		return nil
	case 1:
		return failure(code, "The ID '%s' does not exist", gone[0])
	}
	return failure(code, "The IDs '%s' do not exist", strings.Join(gone, ", "))
}

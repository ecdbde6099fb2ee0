//go:build moto

package awssim_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// decisive are the fields of answers that a decision rests on: what the
// collectors read (gate/live/aws), and what the provider makes the kept
// attributes of a plan from (gate.KeptAttributes). Of calls that are not here
// only the status and the code of an error are compared.
func decisive() map[string][]string {
	instance := func(at string) (out []string) {
		for _, name := range []string{"instanceId", "imageId", "instanceType", "launchTime", "instanceState/code", "instanceState/name", "placement/availabilityZone", "subnetId",
			"reason", "stateReason/code", "stateReason/message", "tagSet/key", "tagSet/value"} {
			out = append(out, at+name)
		}
		return out
	}
	group := []string{"AutoScalingGroupName", "AutoScalingGroupARN", "CreatedTime", "DesiredCapacity", "MinSize", "MaxSize", "Status", "AvailabilityZones", "VPCZoneIdentifier", "TargetGroupARNs",
		"TrafficSources/Identifier", "SuspendedProcesses/ProcessName", "LaunchConfigurationName", "LaunchTemplate/LaunchTemplateId", "LaunchTemplate/LaunchTemplateName", "LaunchTemplate/Version",
		"MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification/LaunchTemplateId", "InstanceMaintenancePolicy/MinHealthyPercentage", "InstanceMaintenancePolicy/MaxHealthyPercentage",
		"WarmPoolSize", "WarmPoolConfiguration/MinSize", "DeletionProtection", "Tags/Key", "Tags/Value", "Instances/InstanceId", "Instances/LifecycleState", "Instances/HealthStatus",
		"Instances/ProtectedFromScaleIn", "Instances/AvailabilityZone", "Instances/WeightedCapacity", "Instances/InstanceType", "Instances/LaunchTemplate/LaunchTemplateId", "Instances/LaunchTemplate/Version"}
	for i, name := range group {
		group[i] = "AutoScalingGroups/" + name
	}
	return map[string][]string{
		"GetCallerIdentity":         {"Account"},
		"DescribeInstances":         instance("reservationSet/instancesSet/"),
		"RunInstances":              instance("instancesSet/"),
		"DescribeAutoScalingGroups": group,
		"DescribeInstanceStatus": {"instanceStatusSet/instanceId", "instanceStatusSet/instanceState/name", "instanceStatusSet/availabilityZone", "instanceStatusSet/systemStatus/status",
			"instanceStatusSet/instanceStatus/status", "instanceStatusSet/attachedEbsStatus/status", "instanceStatusSet/eventsSet/code", "instanceStatusSet/eventsSet/notBefore"},
		"DescribeTargetHealth": {"TargetHealthDescriptions/Target/Id", "TargetHealthDescriptions/TargetHealth/State", "TargetHealthDescriptions/TargetHealth/Reason"},
		"DescribeScalingActivities": {"Activities/ActivityId", "Activities/AutoScalingGroupName", "Activities/Description", "Activities/Cause", "Activities/StatusCode", "Activities/StatusMessage",
			"Activities/StartTime", "Activities/EndTime"},
		"DescribeInstanceRefreshes": {"InstanceRefreshes/InstanceRefreshId", "InstanceRefreshes/Status"},
		"DescribeLaunchTemplates":   {"launchTemplates/launchTemplateId", "launchTemplates/launchTemplateName", "launchTemplates/latestVersionNumber", "launchTemplates/defaultVersionNumber"},
		"DescribeTargetGroups":      {"TargetGroups/TargetGroupArn", "TargetGroups/TargetGroupName"},
		"TerminateInstances":        {"instancesSet/instanceId", "instancesSet/currentState/name", "instancesSet/previousState/name"},
		"StopInstances":             {"instancesSet/instanceId", "instancesSet/currentState/name", "instancesSet/previousState/name"},
	}
}

// unlike are the fields in which awssim is meant to answer otherwise than moto,
// and why. One that no longer differs anywhere fails the test.
var unlike = map[string]string{
	"DescribeAutoScalingGroups AutoScalingGroups/DeletionProtection":               "moto 5 does not know the field; AWS always gives it (Auto Scaling API, AutoScalingGroup)",
	"DescribeAutoScalingGroups AutoScalingGroups/TrafficSources/Identifier":        "moto does not list target groups as traffic sources; AWS lists them in both places (Auto Scaling API, TrafficSourceIdentifier)",
	"DescribeAutoScalingGroups AutoScalingGroups/Instances/LaunchTemplate/Version": "moto gives members the version that the group has now; AWS the one that they were launched from",
	"DescribeInstances reservationSet/instancesSet/reason":                         motoZone,
	"DescribeInstances reservationSet/instancesSet/subnetId":                       motoNetwork,
	"DescribeInstanceStatus instanceStatusSet/attachedEbsStatus/status":            "moto does not know the check of attached volumes; AWS makes it for every instance type of today",
	"DescribeInstanceRefreshes status":                                             "moto 5 does not know instance refreshes, and fails",
	"DescribeTargetHealth TargetHealthDescriptions/Target/Id":                      motoTargets,
	"DescribeTargetHealth TargetHealthDescriptions/TargetHealth/State":             motoTargets,
	"DescribeScalingActivities Activities/ActivityId":                              motoHistory,
	"DescribeScalingActivities Activities/AutoScalingGroupName":                    motoHistory,
	"DescribeScalingActivities Activities/Cause":                                   motoHistory,
	"DescribeScalingActivities Activities/Description":                             motoHistory,
	"DescribeScalingActivities Activities/StatusCode":                              motoHistory,
	"DescribeScalingActivities Activities/StartTime":                               motoHistory,
	"DescribeScalingActivities Activities/EndTime":                                 motoHistory,
}

const (
	motoTargets = "moto leaves a member that a scale-in ended among the targets; AWS deregisters it"
	motoHistory = "moto keeps no history of what a group does"
)

// TestSessionsAnswerLikeMoto plays every recorded session to awssim and to moto
// and compares, call by call, the status, the code of an error, and every field
// that a decision rests on. The clock of the World moves after each change, so
// that it is where moto is at once.
func TestSessionsAnswerLikeMoto(t *testing.T) {
	differs := map[string][]string{}
	for _, name := range []string{"provider", "collectors"} {
		s := readSession(t, "testdata/sessions/"+name+".session")
		w := awssim.New(start)
		server := httptest.NewServer(w)
		t.Cleanup(server.Close)
		ours := s.replay(t, server.URL, func() { w.Advance(3 * time.Minute) })
		theirs := s.replay(t, emulator.Start(t), func() {})
		compared := 0
		for n := range ours {
			for field, pair := range ours[n].against(theirs[n]) {
				compared++
				if pair[0] != pair[1] {
					key := ours[n].action + " " + field
					differs[key] = append(differs[key], fmt.Sprintf("%s, call %d: awssim %q, moto %q", name, n, pair[0], pair[1]))
				}
			}
		}
		t.Logf("%s: %d calls, %d fields compared", name, len(s), compared)
	}
	for _, key := range slices.Sorted(maps.Keys(differs)) {
		if unlike[key] == "" {
			t.Errorf("%s: %s", key, strings.Join(differs[key], "; "))
		}
	}
	for key, why := range unlike {
		if differs[key] == nil {
			t.Errorf("%s: no longer differs (%s)", key, why)
		}
	}
}

// against is every field that counts of two answers to one call.
func (a answered) against(b answered) map[string][2]string {
	out := map[string][2]string{
		"status": {fmt.Sprint(a.status), fmt.Sprint(b.status)},
		"error":  {a.code, b.code},
	}
	if a.status != b.status {
		return out
	}
	for _, field := range decisive()[a.action] {
		out[field] = [2]string{strings.Join(a.fields[field], ", "), strings.Join(b.fields[field], ", ")}
	}
	return out
}

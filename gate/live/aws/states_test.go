package aws

import (
	"bufio"
	"bytes"
	"slices"
	"strings"
	"testing"

	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
)

func mustStates(t *testing.T) states {
	t.Helper()
	s, err := parseStates(statesYAML)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func folded[E ~string](values []E) []string {
	var out []string
	for _, v := range values {
		out = append(out, fold(string(v)))
	}
	slices.Sort(out)
	return out
}

// A value that a newer SDK knows and states.yaml does not is a state nobody
// has thought about.
func TestStatesListTheEnums(t *testing.T) {
	enums := map[string][]string{
		"ec2.InstanceStateName":                 folded(ec2types.InstanceStateName("").Values()),
		"ec2.SummaryStatus":                     folded(ec2types.SummaryStatus("").Values()),
		"ec2.VolumeState":                       folded(ec2types.VolumeState("").Values()),
		"ec2.VolumeAttachmentState":             folded(ec2types.VolumeAttachmentState("").Values()),
		"ec2.VolumeStatusInfoStatus":            folded(ec2types.VolumeStatusInfoStatus("").Values()),
		"ec2.VolumeModificationState":           folded(ec2types.VolumeModificationState("").Values()),
		"ec2.BatchState":                        folded(ec2types.BatchState("").Values()),
		"ec2.ActivityStatus":                    folded(ec2types.ActivityStatus("").Values()),
		"ec2.FleetStateCode":                    folded(ec2types.FleetStateCode("").Values()),
		"ec2.FleetActivityStatus":               folded(ec2types.FleetActivityStatus("").Values()),
		"ec2.AllocationState":                   folded(ec2types.AllocationState("").Values()),
		"autoscaling.LifecycleState":            folded(asgtypes.LifecycleState("").Values()),
		"autoscaling.ScalingActivityStatusCode": folded(asgtypes.ScalingActivityStatusCode("").Values()),
		"autoscaling.InstanceRefreshStatus":     folded(asgtypes.InstanceRefreshStatus("").Values()),
		"dynamodb.TableStatus":                  folded(ddbtypes.TableStatus("").Values()),
		"dynamodb.ReplicaStatus":                folded(ddbtypes.ReplicaStatus("").Values()),
		"dynamodb.WitnessStatus":                folded(ddbtypes.WitnessStatus("").Values()),
		"elbv2.TargetHealthStateEnum":           folded(elbtypes.TargetHealthStateEnum("").Values()),
	}
	s := mustStates(t)
	for _, field := range enumFields(t) {
		want, ok := enums[field]
		if !ok {
			t.Errorf("%s is marked as an enum and not compared with the SDK's: add it to this test", field)
			continue
		}
		if diff := cmp.Diff(want, sortedKeys(s[field])); diff != "" {
			t.Errorf("%s (-SDK +states.yaml):\n%s", field, diff)
		}
	}
	reasons := folded(elbtypes.TargetHealthReasonEnum("").Values())
	for _, field := range []string{"elbv2.UnusedReason", "elbv2.UnavailableReason"} {
		for _, reason := range sortedKeys(s[field]) {
			if !slices.Contains(reasons, reason) {
				t.Errorf("%s: the SDK has no reason %q", field, reason)
			}
		}
	}
	codes := folded(ec2types.EventCode("").Values())
	for _, code := range codes {
		if eventMeaning(ec2types.EventCode(code)) == unlisted() {
			t.Errorf("ec2.EventCode: %s has no meaning", code)
		}
	}
}

// enumFields returns the fields of the services read here that states.yaml
// marks as an enum.
func enumFields(t *testing.T) []string {
	t.Helper()
	var out []string
	for lines := bufio.NewScanner(bytes.NewReader(statesYAML)); lines.Scan(); {
		field, comment, ok := strings.Cut(lines.Text(), ":")
		service, _, _ := strings.Cut(field, ".")
		if ok && strings.HasPrefix(strings.TrimSpace(comment), "# enum") && slices.Contains([]string{"ec2", "autoscaling", "dynamodb", "elbv2"}, service) {
			out = append(out, field)
		}
	}
	if len(out) == 0 {
		t.Fatal("states.yaml marks no field as an enum")
	}
	return out
}

func TestClassify(t *testing.T) {
	tests := []struct {
		field, value string
		phase        gate.Phase
		serving      gate.Serving
	}{
		{"ec2.InstanceStateName", "running", gate.Steady, gate.ServingYes},
		{"ec2.InstanceStateName", "stopped", gate.Steady, gate.ServingNo},
		{"ec2.InstanceStateName", "shutting-down", gate.Leaving, gate.ServingNo},
		{"ec2.InstanceStateName", "terminated", gate.Gone, gate.ServingNo},
		{"autoscaling.HealthStatus", " HEALTHY ", gate.Steady, gate.ServingYes},
		{"autoscaling.LifecycleState", "Terminating:Retained", gate.Failed, gate.ServingNo},
		{"autoscaling.LifecycleState", "Pending:Wait", gate.Arriving, gate.ServingNo},
		{"autoscaling.InstanceRefreshStatus", "Baking", gate.Changing, gate.ServingNo},
		{"elbv2.UnavailableReason", "Target.HealthCheckDisabled", gate.Steady, gate.ServingUnknown},
		// Not listed: never good, and never matched by a part.
		{"ec2.InstanceStateName", "running-late", gate.PhaseUnknown, gate.ServingNo},
		{"ec2.InstanceStateName", "", gate.PhaseUnknown, gate.ServingNo},
		{"redshift.ClusterStatus", "available, resize-cleanup2", gate.PhaseUnknown, gate.ServingNo},
		{"no.Field", "running", gate.PhaseUnknown, gate.ServingNo},
	}
	s := mustStates(t)
	for _, tt := range tests {
		got := s.classify(tt.field, tt.value)
		if got.phase != tt.phase || got.serving != tt.serving {
			t.Errorf("classify(%s, %q): got %v, %v, want %v, %v", tt.field, tt.value, got.phase, got.serving, tt.phase, tt.serving)
		}
	}
}

func TestParseStatesRefuses(t *testing.T) {
	for _, in := range []string{"a: [b]", "f: {v: SLEEPY}", "f: {v: 'STEADY,perhaps'}"} {
		if got, err := parseStates([]byte(in)); err == nil {
			t.Errorf("parseStates(%q): got %v, want an error", in, got)
		}
	}
}

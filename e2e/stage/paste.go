package stage

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// Paste does what the aws command line would do with these words, for the calls
// that repairs of drift are made of. What it does not know it refuses.
func (c *Console) Paste(ctx context.Context, words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("%q is no call", words)
	}
	f := flags(words[2:])
	name, region := f.one("auto-scaling-group-name"), f.one("region")
	if region != Region {
		return fmt.Errorf("%q is not about %s", words, Region)
	}
	var err error
	switch words[0] + " " + words[1] {
	case "autoscaling update-auto-scaling-group":
		in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &name}
		in.DesiredCapacity, in.MinSize, in.MaxSize = f.number("desired-capacity"), f.number("min-size"), f.number("max-size")
		if t := pairs(f.one("launch-template")); len(t) > 0 {
			in.LaunchTemplate = &astypes.LaunchTemplateSpecification{Version: aws.String(t["Version"])}
			if name := t["LaunchTemplateName"]; name != "" {
				in.LaunchTemplate.LaunchTemplateName = &name
			} else {
				in.LaunchTemplate.LaunchTemplateId = aws.String(t["LaunchTemplateId"])
			}
		}
		if c := f.one("launch-configuration-name"); c != "" {
			in.LaunchConfigurationName = &c
		}
		in.AvailabilityZones, in.NewInstancesProtectedFromScaleIn = f["availability-zones"], f.flag("new-instances-protected-from-scale-in")
		if subnets := f.one("vpc-zone-identifier"); subnets != "" {
			in.VPCZoneIdentifier = &subnets
		}
		_, err = c.groups.UpdateAutoScalingGroup(ctx, in)
	case "autoscaling set-instance-protection":
		_, on := f["protected-from-scale-in"]
		_, err = c.groups.SetInstanceProtection(ctx, &autoscaling.SetInstanceProtectionInput{AutoScalingGroupName: &name, InstanceIds: f["instance-ids"], ProtectedFromScaleIn: &on})
	case "autoscaling suspend-processes":
		_, err = c.groups.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: &name, ScalingProcesses: f["scaling-processes"]})
	case "autoscaling resume-processes":
		_, err = c.groups.ResumeProcesses(ctx, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: &name, ScalingProcesses: f["scaling-processes"]})
	case "autoscaling attach-load-balancer-target-groups":
		_, err = c.groups.AttachLoadBalancerTargetGroups(ctx, &autoscaling.AttachLoadBalancerTargetGroupsInput{AutoScalingGroupName: &name, TargetGroupARNs: f["target-group-arns"]})
	case "autoscaling detach-load-balancer-target-groups":
		_, err = c.groups.DetachLoadBalancerTargetGroups(ctx, &autoscaling.DetachLoadBalancerTargetGroupsInput{AutoScalingGroupName: &name, TargetGroupARNs: f["target-group-arns"]})
	case "autoscaling start-instance-refresh":
		t := pairs(f.one("preferences"))
		least, skip := parsed{"n": {t["MinHealthyPercentage"]}}.number("n"), t["SkipMatching"] == "true"
		_, err = c.groups.StartInstanceRefresh(ctx, &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: &name, Preferences: &astypes.RefreshPreferences{MinHealthyPercentage: least, SkipMatching: &skip}})
	case "autoscaling create-or-update-tags", "autoscaling delete-tags":
		t := pairs(f.one("tags"))
		passed := t["PropagateAtLaunch"] == "true"
		tags := []astypes.Tag{{ResourceId: aws.String(t["ResourceId"]), ResourceType: aws.String(t["ResourceType"]), Key: aws.String(t["Key"])}}
		if words[1] == "create-or-update-tags" {
			tags[0].Value, tags[0].PropagateAtLaunch = aws.String(t["Value"]), &passed
			_, err = c.groups.CreateOrUpdateTags(ctx, &autoscaling.CreateOrUpdateTagsInput{Tags: tags})
		} else {
			_, err = c.groups.DeleteTags(ctx, &autoscaling.DeleteTagsInput{Tags: tags})
		}
	case "ec2 stop-instances":
		_, err = c.ec2.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: f["instance-ids"]})
	case "ec2 modify-instance-attribute":
		_, err = c.ec2.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{InstanceId: aws.String(f.one("instance-id")), InstanceType: &ec2types.AttributeValue{Value: aws.String(f.one("instance-type"))}})
	case "ec2 create-tags", "ec2 delete-tags":
		t := pairs(f.one("tags"))
		tags := []ec2types.Tag{{Key: aws.String(t["Key"]), Value: aws.String(t["Value"])}}
		if words[1] == "create-tags" {
			_, err = c.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: f["resources"], Tags: tags})
		} else {
			_, err = c.ec2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: f["resources"], Tags: []ec2types.Tag{{Key: tags[0].Key}}})
		}
	case "autoscaling create-launch-configuration":
		_, err = c.groups.CreateLaunchConfiguration(ctx, &autoscaling.CreateLaunchConfigurationInput{LaunchConfigurationName: aws.String(f.one("launch-configuration-name")), ImageId: aws.String(f.one("image-id")), InstanceType: aws.String(f.one("instance-type"))})
	case "rds modify-db-instance":
		_, err = c.databases.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String(f.one("db-instance-identifier")), EngineVersion: aws.String(f.one("engine-version")), ApplyImmediately: f.flag("apply-immediately")})
	case "elbv2 register-targets":
		_, err = c.balancers.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: aws.String(f.one("target-group-arn")), Targets: f.targets()})
	case "elbv2 deregister-targets":
		_, err = c.balancers.DeregisterTargets(ctx, &elb.DeregisterTargetsInput{TargetGroupArn: aws.String(f.one("target-group-arn")), Targets: f.targets()})
	case "ec2 start-instances":
		_, err = c.ec2.StartInstances(ctx, &ec2.StartInstancesInput{InstanceIds: f["instance-ids"]})
	default:
		return fmt.Errorf("there is no call %q here", words[:2])
	}
	return err
}

// parsed is flags of the aws command line, each with its words.
type parsed map[string][]string

func flags(words []string) parsed {
	out, last := parsed{}, ""
	for _, w := range words {
		if name, ok := strings.CutPrefix(w, "--"); ok {
			last, out[name] = name, []string{}
			continue
		}
		out[last] = append(out[last], w)
	}
	return out
}

func (p parsed) one(name string) string { return strings.Join(p[name], " ") }

func (p parsed) number(name string) *int32 {
	n, err := strconv.Atoi(p.one(name))
	if err != nil {
		return nil
	}
	return aws.Int32(int32(n))
}

// targets are what a flag names, each with its port if it says one.
func (p parsed) targets() []elbtypes.TargetDescription {
	var out []elbtypes.TargetDescription
	for _, w := range p["targets"] {
		t := pairs(w)
		out = append(out, elbtypes.TargetDescription{Id: aws.String(t["Id"]), Port: parsed{"n": {t["Port"]}}.number("n")})
	}
	return out
}

// flag is what a flag says, or the same with no- before it; nil if neither is
// there.
func (p parsed) flag(name string) *bool {
	_, on := p[name]
	if _, off := p["no-"+name]; !on && !off {
		return nil
	}
	return &on
}

// pairs takes A=B,C=D apart.
func pairs(s string) map[string]string {
	out := map[string]string{}
	for p := range strings.SplitSeq(s, ",") {
		if k, v, ok := strings.Cut(p, "="); ok {
			out[k] = v
		}
	}
	return out
}

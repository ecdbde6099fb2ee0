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
			in.LaunchTemplate = &astypes.LaunchTemplateSpecification{LaunchTemplateId: aws.String(t["LaunchTemplateId"]), Version: aws.String(t["Version"])}
		}
		_, err = c.groups.UpdateAutoScalingGroup(ctx, in)
	case "autoscaling set-instance-protection":
		_, on := f["protected-from-scale-in"]
		_, err = c.groups.SetInstanceProtection(ctx, &autoscaling.SetInstanceProtectionInput{AutoScalingGroupName: &name, InstanceIds: f["instance-ids"], ProtectedFromScaleIn: &on})
	case "autoscaling suspend-processes":
		_, err = c.groups.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: &name, ScalingProcesses: f["scaling-processes"]})
	case "autoscaling resume-processes":
		_, err = c.groups.ResumeProcesses(ctx, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: &name, ScalingProcesses: f["scaling-processes"]})
	case "ec2 create-tags", "ec2 delete-tags":
		t := pairs(f.one("tags"))
		tags := []ec2types.Tag{{Key: aws.String(t["Key"]), Value: aws.String(t["Value"])}}
		if words[1] == "create-tags" {
			_, err = c.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: f["resources"], Tags: tags})
		} else {
			_, err = c.ec2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: f["resources"], Tags: []ec2types.Tag{{Key: tags[0].Key}}})
		}
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

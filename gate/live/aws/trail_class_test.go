package aws

import (
	"encoding/json"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

const (
	tfAgent = "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/5.100.0"
	cli     = "aws-cli/2.31.18 md/awscrt#0.28.2"
	tls     = `,"tlsDetails":{"tlsVersion":"TLSv1.3"}`
)

// session is the userIdentity of a session of a role.
func session(role, name string) string {
	return `"userIdentity":{"type":"AssumedRole","principalId":"AROAX:` + name + `","arn":"arn:aws:sts::123456789012:assumed-role/` + role + `/` + name +
		`","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::123456789012:role/path/` + role + `","userName":"` + role + `"}}}`
}

func user(name string) string {
	return `"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/` + name + `","userName":"` + name + `"}`
}

func agent(s string) string { return `,"userAgent":"` + s + `"` }

const console = `,"sessionCredentialFromConsole":"true"`

func TestWhoByWhatMeans(t *testing.T) {
	sso := "AWSReservedSSO_Admin_0123456789abcdef"
	known := Rules{Humans: []string{"*@example.com"}, Owners: []gate.Owner{
		{Name: "cluster autoscaler", Roles: []string{"arn:aws:iam::*:role/*cluster-autoscaler-*"}},
		{Name: "karpenter", Roles: []string{"arn:aws:iam::123456789012:role/path/karpenter"}}}}
	for name, c := range map[string]struct {
		record, means, who string
		human              bool
		through            string
	}{
		"console, IAM user":                    {user("ada") + console + agent("Mozilla/5.0"), "console", "ada", true, ""},
		"console, Identity Center":             {session(sso, "ada@example.com") + console + agent("AWS Internal"), "console", "ada@example.com", true, sso},
		"CloudShell":                           {session(sso, "ada@example.com") + console + tls + agent(cli+" exec-env/CloudShell"), "console credentials", "ada@example.com", true, sso},
		"console, before the field was there":  {user("ada") + agent("console.ec2.amazonaws.com"), "console", "ada", true, ""},
		"console, signing in":                  {user("ada") + agent("signin.amazonaws.com"), "console", "ada", true, ""},
		"CLI, IAM user":                        {user("ada") + tls + agent(cli), "cli or sdk", "ada", false, ""},
		"CLI, a role":                          {session("deploy", "botocore-session-1") + agent(cli), "cli or sdk", "botocore-session-1", false, "deploy"},
		"CLI, a role, a human's name":          {session("deploy", "ada@example.com") + agent(cli), "cli or sdk", "ada@example.com", true, "deploy"},
		"Boto3":                                {session("lambda", "fn") + agent("Boto3/1.40"), "cli or sdk", "fn", false, "lambda"},
		"CLI, Identity Center":                 {session(sso, "ada@example.com") + tls + agent(cli), "sso session", "ada@example.com", true, sso},
		"Terraform, a role":                    {session("tf", "aws-go-sdk-1") + tls + agent(tfAgent), "terraform", "aws-go-sdk-1", false, "tf"},
		"Terraform, of somebody signed in":     {session(sso, "ada@example.com") + agent(tfAgent), "terraform", "ada@example.com", true, sso},
		"Crossplane":                           {session("xp", "1") + agent("APN/1.0 HashiCorp/1.0 Terraform/1.5.5 crossplane-provider-upjet-aws/v1"), "terraform", "1", false, "Crossplane; xp"},
		"a run of ours":                        {session("tf", "ci") + agent(tfAgent+" holdfast/1.2.3 (run 0a1b)"), "holdfast", "ci", false, "run 0a1b"},
		"not a run of ours":                    {session("tf", "ci") + agent(tfAgent+" notholdfast/1"), "terraform", "ci", false, "tf"},
		"Auto Scaling, for a group":            {session("AWSServiceRoleForAutoScaling", "AutoScaling") + agent("autoscaling.amazonaws.com"), "aws service", "autoscaling.amazonaws.com", false, ""},
		"EKS":                                  {`"userIdentity":{"type":"AssumedRole","invokedBy":"eks.amazonaws.com"}` + agent("eks.amazonaws.com"), "aws service", "eks.amazonaws.com", false, ""},
		"CloudFormation, for somebody":         {`"userIdentity":{"type":"IAMUser","userName":"ada","invokedBy":"cloudformation.amazonaws.com"}` + agent("cloudformation.amazonaws.com"), "aws service", "cloudformation.amazonaws.com", false, ""},
		"a spot interruption":                  {`"userIdentity":{"accountId":"123456789012","invokedBy":"ec2.amazonaws.com"}` + agent("ec2.amazonaws.com"), "aws service", "ec2.amazonaws.com", false, ""},
		"a service without a name":             {`"userIdentity":{"type":"AWSService"}`, "aws service", "a service of AWS", false, ""},
		"AWS Internal is no service":           {user("ada") + agent("AWS Internal"), "console", "ada", true, ""},
		"who calls himself a service":          {user("ada") + console + agent("my autoscaling.amazonaws.com"), "console", "ada", true, ""},
		"a source identity":                    {`"userIdentity":{"type":"AssumedRole","principalId":"A:x","sessionContext":{"sourceIdentity":"ada","sessionIssuer":{"userName":"deploy"}}}` + agent(cli), "cli or sdk", "ada", true, "deploy"},
		"the root user":                        {`"userIdentity":{"type":"Root","arn":"arn:aws:iam::123456789012:root"}` + console, "console", "the root user", false, ""},
		"a declared owner":                     {session("k8s-cluster-autoscaler-prod", "17") + agent("aws-sdk-go/1.55"), "declared owner", "cluster autoscaler", false, "k8s-cluster-autoscaler-prod"},
		"a declared owner, agent not known":    {session("karpenter", "17") + agent("karpenter.sh-1.8"), "declared owner", "karpenter", false, "karpenter"},
		"a human in a declared owner's role":   {session("karpenter", "ada") + console + agent("Mozilla/5.0"), "console", "ada", true, "karpenter"},
		"a role that is like a declared one":   {session("karpenter-too", "17") + agent("x"), "unknown", "17", false, "karpenter-too"},
		"a client nobody knows":                {user("ada") + agent("curl/8"), "unknown", "ada", false, ""},
		"nothing at all":                       {`"userIdentity":{}`, "unknown", "", false, ""},
		"console said to be false":             {user("ada") + `,"sessionCredentialFromConsole":"false"` + tls + agent(cli), "cli or sdk", "ada", false, ""},
		"tls details that are null":            {user("ada") + console + `,"tlsDetails":null` + agent(cli), "console", "ada", true, ""},
		"a session without a principal's name": {`"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/r/ada"}` + agent(cli), "cli or sdk", "ada", false, ""},
	} {
		var r record
		if err := json.Unmarshal([]byte("{"+c.record+"}"), &r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := known.classify(r)
		if got.Means.String() != c.means || got.Who != c.who || got.Human != c.human || got.Through != c.through {
			t.Errorf("%s: %s, %q, human %v, through %q; want %s, %q, %v, %q", name, got.Means, got.Who, got.Human, got.Through, c.means, c.who, c.human, c.through)
		}
	}
}

func TestWhatARecordIsAbout(t *testing.T) {
	for text, want := range map[string]string{
		`{"eventName":"TerminateInstances","requestParameters":{"instancesSet":{"items":[{"instanceId":"i-2"},{"instanceId":"i-1"}]}},"responseElements":null}`:                     "i-1 i-2 ",
		`{"eventName":"RunInstances","requestParameters":{"instancesSet":{"items":[{"imageId":"ami-1"}]}},"responseElements":{"instancesSet":{"items":[{"instanceId":"i-3"}]}}}`:    "i-3 ",
		`{"eventName":"UpdateAutoScalingGroup","requestParameters":{"autoScalingGroupName":"i-am-a-group","desiredCapacity":6,"minSize":"3"}}`:                                      "i-am-a-group desired 6, min 3",
		`{"eventName":"UpdateAutoScalingGroup","requestParameters":{"autoScalingGroupName":"g","desiredCapacity":{"odd":1}}}`:                                                       "g ",
		`{"eventName":"SuspendProcesses","requestParameters":{"autoScalingGroupName":"g","scalingProcesses":["Terminate"]}}`:                                                        "g Terminate",
		`{"eventName":"DetachInstances","requestParameters":{"autoScalingGroupName":"g","instanceIds":["i-1"]}}`:                                                                    "g i-1 ",
		`{"eventName":"CreateTags","requestParameters":{"resourcesSet":{"items":[{"resourceId":"i-1"},{"resourceId":"vol-1"}]},"tagSet":{"items":[{"key":"k","value":"CANARY"}]}}}`: "i-1 ",
		`{"eventName":"DeregisterTargets","requestParameters":{"targetGroupArn":"arn","targets":[{"id":"i-1"},{"id":"10.0.0.1"}]}}`:                                                 "i-1 ",
		`{"eventName":"RegisterTargets","requestParameters":{"targetGroupArn":"arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/0123","targets":[{"id":"i-1"}]}}`:           "i-1 target group web",
		`{"eventName":"RegisterTargets","requestParameters":{"targetGroupArn":"arn:targetgroup/CANARY CANARY/0123","targets":[{"id":"i-1"}]}}`:                                      "i-1 ",
		`{"eventName":"CreateOrUpdateTags","requestParameters":{"tags":[{"resourceId":"g","resourceType":"auto-scaling-group","key":"k","value":"CANARY"}]}}`:                       "g ",
		`{"eventName":"ModifyInstanceAttribute","requestParameters":{"instanceId":"i-1","userData":"CANARY"}}`:                                                                      "i-1 ",
		`{"eventName":"BidEvictedEvent","requestParameters":null,"serviceEventDetails":{"instanceIdSet":["i-1"]}}`:                                                                  "i-1 ",
		`{"eventName":"X","requestParameters":"a string","responseElements":[1]}`:                                                                                                   "",
	} {
		r, parts, ok := parse(text)
		if !ok {
			t.Fatalf("%s was not read", text)
		}
		got := ""
		for i, a := range attributions("r", r, parts, Rules{}) {
			got += a.Ref + " "
			if i == len(refs(parts))-1 {
				got += a.Detail
			}
		}
		if got != want {
			t.Errorf("%s\n is about %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"", "null", "[]", "{", `{"eventName":""}`, `{"eventTime":"yesterday","eventName":"X"}`} {
		if _, _, ok := parse(text); ok {
			t.Errorf("%q was taken for a record", text)
		}
	}
}

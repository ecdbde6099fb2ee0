package drift

import (
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

// Every kind of difference that has a way out tells it, with the words that
// matter; those that are applied with real terraform are in e2e.
func TestEveryKindHasAWayOut(t *testing.T) {
	where := func(string, string) string { return "main.tf:7" }
	live := &gate.Snapshot{Members: []gate.Member{
		{ID: "i-1", Region: "us-east-1", Group: "search", Phase: gate.Leaving},
		{ID: "i-2", Region: "us-east-1", Group: "search", Phase: gate.Steady, Serving: gate.ServingYes},
		{ID: "i-3", Region: "us-east-1", Subnet: "subnet-1", Tags: map[string]string{"Cluster": "a${b}", "aws:x": "y"}, Attrs: map[string]string{"ami": "ami-1", "instance_type": "t3.micro"}},
	}}
	in := func(d Difference) Difference { d.Region, d.Cluster = "us-east-1", "search"; return d }
	for _, c := range []struct {
		d    Difference
		want []string
	}{
		{Difference{Code: Size, Ref: "search", Address: "aws_autoscaling_group.search", Attribute: "desired_capacity", Recorded: "3", Live: "6"},
			[]string{"desired_capacity = 6   # main.tf:7\nholdfast apply -refresh-only", "--protected-from-scale-in --instance-ids i-2\n", "--desired-capacity 3\n", "--no-protected-from-scale-in"}},
		{Difference{Code: Size, Ref: "index", Attribute: "max_size", Recorded: "15", Live: "12"}, []string{"--auto-scaling-group-name index --max-size 15"}},
		{Difference{Code: Template, Ref: "search", Attribute: "launch_template", Recorded: "lt-1:$Latest", Live: "lt-1:2"}, []string{"version = \"2\"   # main.tf:7, of its launch_template", `--launch-template 'LaunchTemplateId=lt-1,Version=$Latest'`}},
		{Difference{Code: Attribute, Ref: "search", Attribute: "suspended_processes", Recorded: `["Launch"]`, Live: `["AZRebalance","Launch"]`}, []string{"resume-processes --region us-east-1 --auto-scaling-group-name search --scaling-processes AZRebalance"}},
		{Difference{Code: Attribute, Ref: "search", Attribute: "target_group_arns", Recorded: `["arn:a"]`, Live: "nothing"}, []string{"attach-load-balancer-target-groups --region us-east-1 --auto-scaling-group-name search --target-group-arns arn:a"}},
		{Difference{Code: Attribute, Ref: "search", Attribute: "vpc_zone_identifier", Recorded: `["subnet-1","subnet-2"]`, Live: `["subnet-1"]`}, []string{"--vpc-zone-identifier subnet-1,subnet-2"}},
		{Difference{Code: Attribute, Ref: "search", Attribute: "availability_zones", Recorded: `["us-east-1a"]`, Live: `[]`}, []string{"--availability-zones us-east-1a"}},
		{Difference{Code: Attribute, Ref: "i-2", Attribute: "instance_type", Recorded: "t3.micro", Live: "t3.large"}, []string{"one at a time", "--instance-type t3.micro", "instance_type = \"t3.large\"   # main.tf:7"}},
		{Difference{Code: Membership, Ref: "i-2", Address: "aws_instance.a", Attribute: "tags", Recorded: "Cluster=search", Live: "no Cluster"}, []string{"aws ec2 create-tags --region us-east-1 --resources i-2 --tags Key=Cluster,Value=search"}},
		{Difference{Code: Tags, Ref: "i-2", Address: "aws_instance.a", Attribute: "tags", Recorded: "no Owner", Live: "Owner=jo"}, []string{"aws ec2 delete-tags --region us-east-1 --resources i-2 --tags Key=Owner"}},
		{Difference{Code: Gone, Ref: "i-9", Address: "aws_instance.a", Live: "gone"}, []string{"holdfast --wait 10m apply"}},
		{Difference{Code: Stopped, Ref: "i-2", Address: "aws_instance.a", Live: "stopped"}, []string{"aws ec2 start-instances --region us-east-1 --instance-ids i-2"}},
		{Difference{Code: Renamed, Ref: "i-9", Address: "aws_instance.a[0]", Live: "i-3"}, []string{"terraform state rm 'aws_instance.a[0]'\nimport {\n  to = aws_instance.a[0]\n  id = \"i-3\"\n}"}},
		{Difference{Code: Twice, Ref: "i-2", Recorded: "aws_instance.a, aws_instance.b"}, []string{"terraform state rm aws_instance.b"}},
		{Difference{Code: Unmanaged, Members: []string{"i-3"}}, []string{"to = aws_instance.adopted_3\n", "resource \"aws_instance\" \"adopted_3\" {", "subnet_id     = \"subnet-1\"", `"Cluster" = "a$${b}"`}},
		{Difference{Code: Generations, Members: []string{"i-2", "i-3"}}, []string{"one at a time"}},
	} {
		var all strings.Builder
		for _, step := range Repair(in(c.d), nil, live, where) {
			all.WriteString(step.Why + "\n" + step.Text + "\n")
		}
		for _, want := range c.want {
			if !strings.Contains(all.String(), want) {
				t.Errorf("%s %s: the way out does not say %q:\n%s", c.d.Code, c.d.Attribute, want, all.String())
			}
		}
		if strings.Contains(all.String(), "aws:x") {
			t.Errorf("%s: a tag of AWS's own is declared", c.d.Code)
		}
	}
}

// Nothing of what is live can end a word of the shell or a text of HCL.
func TestWhatIsPastedIsQuoted(t *testing.T) {
	d := Difference{Code: Tags, Region: "us-east-1", Ref: "i-2", Address: "aws_instance.a", Attribute: "tags", Recorded: "Owner=x'; rm -rf /; '", Live: "no Owner"}
	if got := Repair(d, nil, &gate.Snapshot{}, nil)[0].Text; !strings.HasSuffix(got, `--tags 'Key=Owner,Value=x'\''; rm -rf /; '\'''`) {
		t.Errorf("got %s", got)
	}
	if got := hcl("a\"b\n${c}%{d}"); got != `"a\"b\n$${c}%%{d}"` {
		t.Errorf("got %s", got)
	}
}

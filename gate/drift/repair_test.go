package drift

import (
	"strings"
	"testing"
	"time"

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
	var six []gate.Change
	for i := range 6 {
		six = append(six, gate.Change{Address: place("aws_instance.search", i)})
	}
	dying := func(i int) Difference {
		return Difference{Code: Stopped, Ref: "i-9", Address: place("aws_instance.search", i), Live: "shutting-down"}
	}
	made := func(id, image string, age time.Duration) {
		live.Members = append(live.Members, gate.Member{ID: id, Region: "us-east-1", Phase: gate.Steady, Launched: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC).Add(-age), Attrs: map[string]string{"ami": image}})
		six = append(six, gate.Change{Address: `aws_instance.hybrid["` + id + `"]`, Type: "aws_instance", ID: id})
	}
	made("i-old", "ami-1", time.Hour)
	made("i-new", "ami-2", time.Minute)
	versions := func(kind string) gate.DataStore {
		return gate.DataStore{Kind: kind, ID: "orders", Nodes: []gate.Node{{ID: "a", Version: "16.9"}, {ID: "b", Version: "16.10"}, {ID: "orders/standby", Version: "16.9"}}}
	}
	in := func(d Difference) Difference { d.Region, d.Cluster = "us-east-1", "search"; return d }
	for _, c := range []struct {
		d    Difference
		want []string
		all  []Difference
	}{
		{Difference{Code: Size, Ref: "search", Address: "aws_autoscaling_group.search", Attribute: "desired_capacity", Recorded: "3", Live: "6"},
			[]string{"desired_capacity = 6   # main.tf:7\nholdfast apply -refresh-only", "--protected-from-scale-in --instance-ids i-2\n", "--desired-capacity 3\n", "--no-protected-from-scale-in"}, nil},
		{Difference{Code: Size, Ref: "index", Attribute: "max_size", Recorded: "15", Live: "12"}, []string{"--auto-scaling-group-name index --max-size 15"}, nil},
		{Difference{Code: Template, Ref: "search", Attribute: "launch_template", Recorded: "lt-1:$Latest", Live: "lt-1:2"}, []string{"version = \"2\"   # main.tf:7, of its launch_template", `--launch-template 'LaunchTemplateId=lt-1,Version=$Latest'`}, nil},
		{Difference{Code: Attribute, Ref: "search", Attribute: "suspended_processes", Recorded: `["Launch"]`, Live: `["AZRebalance","Launch"]`}, []string{"resume-processes --region us-east-1 --auto-scaling-group-name search --scaling-processes AZRebalance"}, nil},
		{Difference{Code: Attribute, Ref: "search", Attribute: "target_group_arns", Recorded: `["arn:a"]`, Live: "nothing"}, []string{"attach-load-balancer-target-groups --region us-east-1 --auto-scaling-group-name search --target-group-arns arn:a"}, nil},
		{Difference{Code: Attribute, Ref: "search", Attribute: "vpc_zone_identifier", Recorded: `["subnet-1","subnet-2"]`, Live: `["subnet-1"]`}, []string{"--vpc-zone-identifier subnet-1,subnet-2"}, nil},
		{Difference{Code: Attribute, Ref: "search", Attribute: "availability_zones", Recorded: `["us-east-1a"]`, Live: `[]`}, []string{"--availability-zones us-east-1a"}, nil},
		{Difference{Code: Attribute, Ref: "i-2", Attribute: "instance_type", Recorded: "t3.micro", Live: "t3.large"}, []string{"one at a time", "--instance-type t3.micro", "instance_type = \"t3.large\"   # main.tf:7"}, nil},
		{Difference{Code: Membership, Ref: "i-2", Address: "aws_instance.a", Attribute: "tags", Recorded: "Cluster=search", Live: "no Cluster"}, []string{"aws ec2 create-tags --region us-east-1 --resources i-2 --tags Key=Cluster,Value=search"}, nil},
		{Difference{Code: Tags, Ref: "i-2", Address: "aws_instance.a", Attribute: "tags", Recorded: "no Owner", Live: "Owner=jo"}, []string{"aws ec2 delete-tags --region us-east-1 --resources i-2 --tags Key=Owner"}, nil},
		{Difference{Code: Gone, Ref: "i-9", Address: "aws_instance.a", Live: "gone"}, []string{"holdfast --wait 10m apply"}, nil},
		{Difference{Code: Stopped, Ref: "i-2", Address: "aws_instance.a", Live: "stopped"}, []string{"aws ec2 start-instances --region us-east-1 --instance-ids i-2"}, nil},
		{Difference{Code: Renamed, Ref: "i-9", Address: "aws_instance.a[0]", Live: "i-3"}, []string{"terraform state rm 'aws_instance.a[0]'\n", "import {\n  to = aws_instance.a[0]\n  id = \"i-3\"\n}"}, nil},
		{Difference{Code: Twice, Ref: "i-2", Recorded: "aws_instance.a, aws_instance.b"}, []string{"terraform state rm aws_instance.b"}, nil},
		{Difference{Code: Unmanaged, Members: []string{"i-3"}}, []string{"to = aws_instance.adopted_3\n", "resource \"aws_instance\" \"adopted_3\" {", "subnet_id     = \"subnet-1\"", `"Cluster" = "a$${b}"`}, nil},
		{Difference{Code: Generations, Members: []string{"i-old", "i-new"}}, []string{"made as i-new was, the youngest: finish the rollout, one at a time", "ami = \"ami-2\"   # main.tf:7\nlifecycle { ignore_changes = [ami] }   # main.tf:7\nholdfast apply '-replace=aws_instance.hybrid[\"i-old\"]'\nholdfast status"}, nil},
		{Difference{Code: Generations, Members: []string{"i-2", "i-3"}}, []string{"Nobody of them is recorded"}, nil},
		{Difference{Code: Generations, Ref: "orders", store: versions(gate.KindDatabase)}, []string{"upgrade to 16.10", "aws rds modify-db-instance --region us-east-1 --db-instance-identifier a --engine-version 16.10 --apply-immediately\nthen"}, nil},
		{Difference{Code: Generations, Ref: "orders", store: versions(gate.KindDatabases)}, []string{"aws rds modify-db-cluster --region us-east-1 --db-cluster-identifier orders --engine-version 16.10 --apply-immediately"}, nil},
		{Difference{Code: Generations, Ref: "orders", store: versions(gate.KindCache)}, []string{"aws elasticache modify-replication-group --region us-east-1 --replication-group-id orders --engine-version 16.10 --apply-immediately"}, nil},
		{Difference{Code: Generations, Ref: "search", Members: []string{"i-2", "i-3"}}, []string{"start-instance-refresh --region us-east-1 --auto-scaling-group-name search --preferences MinHealthyPercentage=100"}, nil},
		{Difference{Code: Attribute, Ref: "search", Attribute: "protect_from_scale_in", Recorded: "true", Live: "false"}, []string{"protect_from_scale_in = false   # main.tf:7", "--auto-scaling-group-name search --new-instances-protected-from-scale-in"}, nil},
		{Difference{Code: Attribute, Ref: "search", Attribute: "protect_from_scale_in", Recorded: "false", Live: "true"}, []string{"--auto-scaling-group-name search --no-new-instances-protected-from-scale-in"}, nil},
		{dying(0), []string{"holdfast --wait 10m apply", "lower the count of aws_instance.search to the 3 that live", "terraform state rm 'aws_instance.search[0]'\nterraform state rm 'aws_instance.search[2]'\nterraform state rm 'aws_instance.search[5]'\n",
			"moved {\n  from = aws_instance.search[3]\n  to = aws_instance.search[0]\n}\nmoved {\n  from = aws_instance.search[4]\n  to = aws_instance.search[2]\n}\n"}, []Difference{dying(0), dying(2), dying(5)}},
	} {
		var all strings.Builder
		for _, step := range Repair(in(c.d), Around{Live: live, Where: where, All: c.all, Recorded: six}) {
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
	if got := Repair(d, Around{Live: &gate.Snapshot{}})[0].Text; !strings.HasSuffix(got, `--tags 'Key=Owner,Value=x'\''; rm -rf /; '\'''`) {
		t.Errorf("got %s", got)
	}
	if got := hcl("a\"b\n${c}%{d}"); got != `"a\"b\n$${c}%%{d}"` {
		t.Errorf("got %s", got)
	}
}

// The good are moved into the places of the dead where that is needed, once, and
// nowhere else.
func TestRanksAreClosedOnceAndOnlyWhereTheGoodWouldGo(t *testing.T) {
	lost := func(addresses ...string) (out []Difference) {
		for _, a := range addresses {
			out = append(out, Difference{Code: Gone, Address: a, Live: "gone"})
		}
		return out
	}
	recorded := func(addresses ...string) (out []gate.Change) {
		for _, a := range addresses {
			out = append(out, gate.Change{Address: a})
		}
		return out
	}
	for _, c := range []struct {
		what     string
		all      []Difference
		recorded []gate.Change
		told     int
	}{
		{"the last ones are lost", lost("a.b[2]", "a.b[1]"), recorded("a.b[0]", "a.b[1]", "a.b[2]"), 0},
		{"all are lost", lost("a.b[0]", "a.b[1]"), recorded("a.b[0]", "a.b[1]"), 0},
		{"the first is lost", lost("a.b[0]"), recorded("a.b[0]", "a.b[1]"), 1},
		{"two are lost", lost("a.b[0]", "a.b[1]"), recorded("a.b[0]", "a.b[1]", "a.b[2]", "a.b[3]"), 1},
		{"those of another resource", lost("a.b[0]"), recorded("a.b[0]", "a.c[1]"), 0},
		{"one in a module", lost("module.m[1].a.b[0]"), recorded("module.m[1].a.b[0]", "module.m[1].a.b[1]", "module.m[0].a.b[2]"), 1},
		{"not counted", lost("a.b", `a.c["x"]`), recorded("a.b", `a.c["x"]`, `a.c["y"]`), 0},
	} {
		told := 0
		for _, d := range c.all {
			if len(Repair(d, Around{All: c.all, Recorded: c.recorded, Live: &gate.Snapshot{}})) > 1 {
				told++
			}
		}
		if told != c.told {
			t.Errorf("%s: told %d times, want %d", c.what, told, c.told)
		}
	}
}

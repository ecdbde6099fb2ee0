package gate

import (
	"encoding/json"
	"testing"
	"time"
)

// attributed is a verdict about one cluster: a member that is dying, one that
// nothing is known of, and the group that Terraform calls aws_autoscaling_group.a.
func unattributed() Verdict {
	dying := Observation{Source: SourceInstances, Raw: "shutting-down", Since: noon, Detail: "Client.UserInitiatedShutdown; Client.UserInitiatedShutdown: User initiated shutdown"}
	cause := "Launching a new EC2 instance: i-2; At 2018-01-02T11:50:00Z a user request explicitly set group desired capacity changing the desired capacity from 3 to 6.  At 2018-01-02T11:50:02Z an instance was started"
	return Verdict{Decision: Block, Clusters: []*View{{
		Cluster:  Cluster{Name: "search"},
		Members:  []MemberView{{Member: Member{ID: "i-1", Region: "r", Observed: []Observation{dying}}}, {Member: Member{ID: "i-2", Region: "r"}, Addresses: []string{"aws_instance.b"}}},
		Groups:   []Group{{Name: "asg", Region: "r", Operations: []Operation{{Kind: "activity", Detail: cause}, {Kind: "activity", Detail: cause}}}},
		Recorded: []Change{{Address: "aws_autoscaling_group.a", ID: "asg", Region: "r"}},
	}}}
}

func TestWhatAWSKnowsAtOnceFillsInWhileTheTrailIsLate(t *testing.T) {
	got := unattributed().Attributed(Trail{}).Trail.Attributions
	if len(got) != 2 {
		t.Fatalf("got %d attributions, want that of i-1 and, once, that of asg: %+v", len(got), got)
	}
	if a := got[0]; a.Ref != "i-1" || a.Event != "TerminateInstances" || a.Means != MeansUnknown || a.Who != "" || !a.At.Equal(noon) {
		t.Errorf("i-1: %+v", a)
	}
	if a := got[1]; a.Ref != "asg" || a.Event != "SetDesiredCapacity" || a.Detail != "desired 3 to 6" || !a.At.Equal(noon.Add(-10*time.Minute)) {
		t.Errorf("asg: %+v", a)
	}
}

func TestTheTrailReplacesWhatWasKnownAtOnce(t *testing.T) {
	end := Attribution{Region: "r", Ref: "i-1", Event: "TerminateInstances", Who: "ada", Means: MeansConsole, At: noon.Add(time.Second), Source: SourceTrail}
	tried := end
	tried.Failed, tried.EventID = "OperationNotPermitted", "x"
	elsewhere := end
	elsewhere.Region = "other"
	got := unattributed().Attributed(Trail{Attributions: []Attribution{end, tried, elsewhere}})
	n := 0
	for _, a := range got.Trail.Attributions {
		if a.Region == "other" {
			t.Errorf("an event of another region is not about this member: %+v", a)
		}
		if a.Ref == "i-1" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("i-1 has %d attributions, want the one that worked and the one that did not", n)
	}
	alone := unattributed().Attributed(Trail{Attributions: []Attribution{tried}})
	if got := len(alone.About(Finding{Subjects: []string{"i-1"}})); got != 2 {
		t.Errorf("an attempt that failed explains nothing: %d attributions, want it and what EC2 says", got)
	}
}

func TestAFindingIsAttributedByIDAndByAddress(t *testing.T) {
	v := unattributed().Attributed(Trail{Attributions: []Attribution{{Region: "r", Ref: "i-2", Event: "RunInstances"}}})
	for ref, event := range map[string]string{"i-1": "TerminateInstances", "aws_instance.b": "RunInstances", "aws_autoscaling_group.a": "SetDesiredCapacity"} {
		got := v.About(Finding{Cluster: "search", Subjects: []string{ref}})
		if len(got) != 1 || got[0].Event != event {
			t.Errorf("%s: %+v, want one %s", ref, got, event)
		}
	}
	if got := v.About(Finding{Cluster: "other", Subjects: []string{"i-1"}}); got != nil {
		t.Errorf("another cluster's finding got %+v", got)
	}
}

func TestAttributionChangesNothingOfTheVerdict(t *testing.T) {
	before, err := json.Marshal(unattributed())
	if err != nil {
		t.Fatal(err)
	}
	v := unattributed().Attributed(Trail{Attributions: []Attribution{{Region: "r", Ref: "i-2", Event: "RunInstances", Who: "mallory", Means: MeansHoldfast}}})
	v.Trail = nil
	after, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Errorf("without its trail the verdict is\n%s\nand was\n%s", after, before)
	}
}

func TestWhoIsManual(t *testing.T) {
	for _, c := range []struct {
		a    Attribution
		want bool
	}{
		{Attribution{Means: MeansConsole}, true},
		{Attribution{Means: MeansConsoleCLI}, true},
		{Attribution{Means: MeansSSO}, true},
		{Attribution{Means: MeansCLI, Human: true}, true},
		{Attribution{Means: MeansCLI}, false},
		{Attribution{Means: MeansTerraform, Human: true}, false},
		{Attribution{Means: MeansHoldfast, Human: true}, false},
		{Attribution{Means: MeansService}, false},
		{Attribution{Means: MeansOwner}, false},
		{Attribution{}, false},
	} {
		if got := c.a.Manual(); got != c.want {
			t.Errorf("%s, human %v: manual %v, want %v", c.a.Means, c.a.Human, got, c.want)
		}
	}
}

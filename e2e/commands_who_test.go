package e2e

import (
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/report"
)

// whoCommands are what a script can say of who does things, and of what
// CloudTrail makes of it.
//
//	actor KEY KIND NAME  from now on the requests signed with KEY are those of NAME: at the console, in CloudShell, ...
//	trail late DURATION  CloudTrail shows what was done that long ago
//	trail denied         nobody may look it up; or it is throttled, or hangs and never answers
//	trail well           it answers again
//	alike FILE FILE      two verdicts in JSON are the same, but for who did what and when they were reached
func whoCommands() map[string]command {
	return map[string]command{"actor": actAs, "trail": trailed, "alike": alike}
}

func actAs(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 3, "actor KEY KIND NAME")
	kinds := map[string]func(string) awssim.Actor{
		"console": awssim.ConsoleSSO, "cloudshell": awssim.CloudShell, "cli": awssim.CLIUser, "sso": awssim.SSOSession,
		"terraform": func(name string) awssim.Actor { return awssim.TerraformRun("ci", name, "") },
		"role": func(name string) awssim.Actor {
			return awssim.Actor{Role: name, Session: "1763812345678901234", Agent: "aws-sdk-go-v2/1.36.5 ua/2.1 os/linux lang/go#1.23.8"}
		},
		// Somebody who says of himself that he is a run of ours.
		"liar": func(name string) awssim.Actor {
			return awssim.TerraformRun("ci", name, "holdfast/9.9.9 (run 0123456789ab)")
		},
	}
	need(ts, kinds[args[1]] != nil, "nobody acts as "+args[1])
	world(ts).SetActor(args[0], kinds[args[1]](args[2]))
}

func trailed(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 0, "trail HOW")
	const action = "LookupEvents"
	w := world(ts)
	switch args[0] {
	case "late":
		need(ts, len(args) == 2, "trail late DURATION")
		after, err := time.ParseDuration(args[1])
		ts.Check(err)
		timing := w.Timing()
		timing.Delivery = after
		w.SetTiming(timing)
	case "denied":
		w.Deny("cloudtrail." + action)
	case "throttled":
		w.Throttle("cloudtrail."+action, -1)
	case "hangs":
		stageOf(ts).Hang(action)
	case "well":
		w.Heal()
		stageOf(ts).Hang("")
	default:
		ts.Fatalf("CloudTrail cannot be %s", args[0])
	}
}

func alike(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "alike FILE FILE")
	var said [2]string
	for i, path := range args {
		v, err := report.Open([]byte(ts.ReadFile(path)))
		ts.Check(err)
		lines := []string{v.Decision.String()}
		for _, f := range v.Findings {
			lines = append(lines, f.Code+" "+f.Cluster+" "+f.Decision.String()+" "+strings.Join(f.Subjects, ","))
		}
		for _, r := range v.Runs {
			lines = append(lines, r.Check+" "+r.Cluster+" "+r.Outcome.String()+" "+r.Decision.String())
		}
		for _, c := range v.Clusters {
			for _, r := range c.Roles {
				lines = append(lines, c.Cluster.Name+" "+gate.Count(r.During, "member")+" of "+strings.Join(r.Serving, ","))
			}
		}
		said[i] = strings.Join(lines, "\n")
	}
	if said[0] != said[1] {
		ts.Fatalf("%s says\n%s\nand %s says\n%s", args[0], said[0], args[1], said[1])
	}
}

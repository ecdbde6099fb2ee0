package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// stageKey is where a script's stage is kept.
type stageKey struct{}

type command = func(ts *testscript.TestScript, neg bool, args []string)

// commands are what a script can say besides testscript's own. Members are
// named by their number in the order of launch, the oldest is 0; the console
// finds them by their Name too.
//
//	act PROGRAM ARG...   run holdfast, or the real terraform; the clock moves only while it waits for its own changes.
//	                     The exit status must be 0; with a ! before act it must be 1
//	exits N PROGRAM ARG...   the same, and the exit status must be N
//	begin NAME PROGRAM ARG...   the same, but go on meanwhile, until
//	until NAME REGEXP    it has said that,
//	answer NAME TEXT     and is told that,
//	interrupt NAME       or is interrupted, alone,
//	sigkill NAME         or is killed at once, with no time for anything (what it started lives on),
//	ends NAME N          and has ended with that exit status, -1 when it was killed; what it said is in NAME.out
//	caller KEY ARN       from now on STS says that the access key KEY is of ARN
//	clock -40s           move the clock of AWS to that long before now
//	dies DURATION        from now on a member takes that long to shut down
//	runs SPEED           from now on the clock runs, SPEED seconds to the second
//	detach DURATION      from now on a dying member loses its network after that long
//	console scale N      set the group's desired capacity by hand
//	console launch N IMAGE   make members by hand, like the oldest but for the image
//	console aws WORD...  what the aws command line would do with these words, for the calls of repairs
//	paste CODE[/ATTRIBUTE] N   do what step N of the way out of a difference says, as the last holdfast -o json drift gave it
//	console targets NAME make a target group; its ARN is $TARGETS and $TF_VAR_targets from now on
//	console register N PORT     let $TARGETS send a member traffic on a port
//	console deregister N PORT   no longer
//	console bucket NAME  make a bucket
//	console put BUCKET KEY FILE   put a file into a bucket
//	console deny ACTION  nobody may make a call, "s3.ListObjectsV2"; all may make all without ACTION
//	console type N KIND  change the type of a member
//	console tag N KEY=VALUE   set a tag of a member; without =VALUE it is removed
//	console named NAME IMAGE   make a member by hand, like the one that has the name
//	console terminate N...   end members by hand, through EC2
//	console stop N...    stop members by hand
//	console fail N       the host of a member fails: its system status is impaired
//	console retire N DURATION   AWS will retire a member in that time
//	console disk N STATUS   the data disk of a member is impaired, or slow ("warning")
//	console snapshot N   make a snapshot of the data disk of a member
//	console customers N  so many customers come to be in the old table, and wherever it is copied
//	console reader TABLE let a function read the stream of a table
//	console replica TABLE REGION   add a replica of a table
//	console backup TABLE back up a table
//	console fill BUCKET PREFIX N DAYS   N objects of 1 MiB, so many days old, as a program of the user's wrote them
//	night                the clock moves past the next midnight UTC
//	objects BUCKET N     so many objects are in a bucket
//	console delay ID DURATION   a replica of a database is that far behind
//	console database ID STATUS  AWS puts a database into a state
//	console cache ACT ID ...   something befalls a cache (see caches)
//	nodes REGION NODE...   exactly these nodes of caches are there, NODE:STATUS where they are not available
//	console refresh      start an instance refresh by hand
//	items TABLE N        the table holds so many items
//	serving N...         exactly these members are in service
//	count N              so many members are in service
//	untouched            the last act changed nothing
//	says FILE            the last act's output has every line of FILE, in order
func commands() map[string]command {
	all := map[string]command{
		"act": act, "exits": exits, "begin": begin, "until": until, "answer": answer, "interrupt": interrupt, "sigkill": sigkill, "ends": ends,
		"paste": paste, "caller": caller, "clock": clock, "dies": dies, "runs": runs, "detach": detach, "console": console,
		"items": items, "serving": serving, "count": count, "untouched": untouched, "says": says,
		"night": night, "objects": objects, "nodes": nodes,
	}
	maps.Copy(all, reviewCommands())
	maps.Copy(all, whoCommands())
	return all
}

func stageOf(ts *testscript.TestScript) *stage.Stage { return ts.Value(stageKey{}).(*stage.Stage) }

func act(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) > 0, "act PROGRAM ARG...")
	want := 0
	if neg {
		want = 1
	}
	perform(ts, want, args)
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 1, "exits STATUS PROGRAM ARG...")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	perform(ts, want, args[1:])
}

// perform plays one act, which must end with an exit status.
func perform(ts *testscript.TestScript, want int, args []string) {
	program := args[0]
	if program == "terraform" {
		program = ts.Getenv("TERRAFORM")
	}
	end := stageOf(ts).Act()
	err := ts.Exec(program, args[1:]...)
	end()
	var exit *exec.ExitError
	status := 0
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if status != want {
		ts.Fatalf("%s: got exit status %d, want %d", strings.Join(args, " "), status, want)
	}
}

func caller(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "caller KEY ARN")
	world := stageOf(ts).World
	need(ts, world != nil, "only a simulated AWS can do that")
	world.SetCaller(args[0], args[1])
}

func clock(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "clock -DURATION")
	ago, err := time.ParseDuration(args[0])
	ts.Check(err)
	world := stageOf(ts).World
	if world == nil { // this AWS keeps the time itself
		return
	}
	ahead := time.Until(world.Now().Add(-ago))
	need(ts, ahead <= 0, "the clock stands later than that already, by "+ahead.String())
	world.Advance(-ahead)
}

func dies(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "dies DURATION")
	after, err := time.ParseDuration(args[0])
	ts.Check(err)
	world := stageOf(ts).World
	need(ts, world != nil, "only a simulated AWS can do that")
	timing := world.Timing()
	timing.ShuttingDown = after
	world.SetTiming(timing)
}

func runs(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "runs SPEED")
	speed, err := strconv.ParseFloat(args[0], 64)
	ts.Check(err)
	world := stageOf(ts).World
	need(ts, world != nil, "only a simulated AWS can do that")
	world.Run(speed)
}

func detach(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "detach DURATION")
	after, err := time.ParseDuration(args[0])
	ts.Check(err)
	world := stageOf(ts).World
	need(ts, world != nil, "only a simulated AWS can do that")
	timing := world.Timing()
	timing.Detach = after
	world.SetTiming(timing)
}

func console(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 0, "console ACT N...")
	ctx, c := context.Background(), stageOf(ts).Console()
	switch args[0] {
	case "fill":
		need(ts, len(args) == 5, "console fill BUCKET PREFIX N DAYS")
		n, err := strconv.Atoi(args[3])
		ts.Check(err)
		days, err := strconv.Atoi(args[4])
		ts.Check(err)
		world(ts).FillBucket(args[1], args[2], n, 1<<20, time.Duration(days)*24*time.Hour)
	case "refresh":
		ts.Check(c.Refresh(ctx))
	case "scale":
		need(ts, len(args) == 2, "console scale N")
		size, err := strconv.Atoi(args[1])
		ts.Check(err)
		ts.Check(c.Scale(ctx, size))
	case "launch":
		need(ts, len(args) == 3, "console launch N IMAGE")
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		ts.Check(c.Launch(ctx, n, ids(ts, []string{"0"})[0], args[2]))
	case "targets", "register", "deregister", "type", "tag", "named", "bucket", "put", "deny":
		drifts(ts, args)
	case "aws":
		ts.Check(c.Paste(ctx, args[1:]))
	case "terminate":
		ts.Check(c.Terminate(ctx, ids(ts, args[1:])...))
	case "stop":
		ts.Check(c.Stop(ctx, ids(ts, args[1:])...))
	case "fail", "retire", "disk", "snapshot":
		ails(ts, args)
	case "customers", "replica", "backup", "reader":
		tables(ts, args)
	case "delay", "database":
		falls(ts, args)
	case "cache":
		caches(ts, args)
	default:
		ts.Fatalf("the console cannot %s", args[0])
	}
}

// ids turns numbers of members, or their Name tags, into their ids.
func ids(ts *testscript.TestScript, numbers []string) []string {
	list := members(ts)
	var out []string
	for _, n := range numbers {
		i, err := strconv.Atoi(n)
		if err != nil {
			i = slices.IndexFunc(list, func(m stage.Member) bool { return m.Tags["Name"] == n && m.Serving() })
			need(ts, i >= 0, "no member that serves has the name "+n)
		}
		need(ts, i < len(list), "there is no member "+n)
		out = append(out, list[i].ID)
	}
	return out
}

func members(ts *testscript.TestScript) []stage.Member {
	list, err := stageOf(ts).Console().Members(context.Background())
	ts.Check(err)
	return list
}

// inService returns the numbers of the members that serve.
func inService(ts *testscript.TestScript) []string {
	var out []string
	for i, m := range members(ts) {
		if m.Serving() {
			out = append(out, strconv.Itoa(i))
		}
	}
	return out
}

func serving(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg, "serving N...")
	if got, want := strings.Join(inService(ts), " "), strings.Join(args, " "); got != want {
		ts.Fatalf("members in service: got [%s], want [%s]", got, want)
	}
}

func count(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "count N")
	if got := strconv.Itoa(len(inService(ts))); got != args[0] {
		ts.Fatalf("number of members in service: got %s, want %s", got, args[0])
	}
}

func untouched(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 0, "untouched")
	if got := stageOf(ts).Writes(); len(got) > 0 {
		ts.Fatalf("the last act called %s, and should have changed nothing", strings.Join(got, ", "))
	}
}

// says compares what people read, without colours and but for what differs in
// every run: members appear by their number, m0 being the oldest, times as T.
func says(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "says FILE")
	text := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	for i, m := range members(ts) {
		text = strings.ReplaceAll(text, m.ID, "m"+strconv.Itoa(i))
	}
	text = regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| UTC)?|\b(\d+h)?(\d+m)?\d+(\.\d+)?s\b`).ReplaceAllString(text, "T")
	rest := text
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		line = strings.TrimSpace(line)
		_, after, found := strings.Cut(rest, line)
		if !found {
			ts.Fatalf("the output does not say, or not in this order:\n%s\nit says:\n%s", line, text)
		}
		rest = after
	}
}

func world(ts *testscript.TestScript) *awssim.World {
	w := stageOf(ts).World
	need(ts, w != nil, "only a simulated AWS can do that")
	return w
}

func night(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 0, "night")
	w := world(ts)
	const day = 24 * time.Hour
	w.Advance(w.Now().Truncate(day).Add(day + time.Minute).Sub(w.Now()))
}

func objects(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "objects BUCKET N")
	if got := strconv.Itoa(len(world(ts).Objects(args[0]))); got != args[1] {
		ts.Fatalf("objects in %s: got %s, want %s", args[0], got, args[1])
	}
}

func need(ts *testscript.TestScript, ok bool, message string) {
	if !ok {
		ts.Fatalf("%s", fmt.Sprint(message))
	}
}

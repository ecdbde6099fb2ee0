package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-shellwords"
	"github.com/rogpeppe/go-internal/testscript"
)

// paste does what a step of a way out says, line by line as somebody would who
// pastes it: commands are run, blocks go into a file, and an attribute is
// changed where the comment behind it says.
func paste(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "paste CODE[/ATTRIBUTE] N")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var drift struct {
		Differences []struct {
			Code, Attribute string
			Repair          []struct{ Text string }
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("drift.json")), &drift))
	for i, d := range drift.Differences {
		if d.Code != args[0] && d.Code+"/"+d.Attribute != args[0] {
			continue
		}
		need(ts, n < len(d.Repair), fmt.Sprintf("the way out of %s has %d steps", d.Code, len(d.Repair)))
		text := d.Repair[n].Text
		ts.Logf("%s", text)
		if strings.HasPrefix(text, "import {") || strings.HasPrefix(text, "moved {") || strings.HasPrefix(text, "resource ") {
			ts.Check(os.WriteFile(ts.MkAbs(fmt.Sprintf("pasted_%d.tf", i)), []byte(text+"\n"), 0o600))
			return
		}
		// What goes on on the next line is one, and what && joins is several.
		for line := range strings.Lines(strings.ReplaceAll(text, "&&\n", "&& ")) {
			for part := range strings.SplitSeq(line, " && ") {
				pasteLine(ts, strings.TrimSpace(part))
			}
		}
		return
	}
	ts.Fatalf("no difference has the code %s", args[0])
}

var (
	editing = regexp.MustCompile(`^(\w+) = (.+)   # (\S+):(\d+)(?:, of its \w+)?$`)
	adding  = regexp.MustCompile(`^(\w+ [={] .+)   # add it to the block at (\S+):(\d+)$`)
)

func pasteLine(ts *testscript.TestScript, line string) {
	if m := editing.FindStringSubmatch(line); m != nil {
		text := strings.Split(ts.ReadFile(m[3]), "\n")
		n, err := strconv.Atoi(m[4])
		ts.Check(err)
		need(ts, n <= len(text) && strings.Contains(text[n-1], m[1]), line+" names no such place")
		name, _, _ := strings.Cut(text[n-1], "=")
		text[n-1] = name + "= " + m[2]
		ts.Check(os.WriteFile(ts.MkAbs(m[3]), []byte(strings.Join(text, "\n")), 0o600))
		return
	}
	if m := adding.FindStringSubmatch(line); m != nil {
		text := strings.Split(ts.ReadFile(m[2]), "\n")
		n, err := strconv.Atoi(m[3])
		ts.Check(err)
		need(ts, n <= len(text) && strings.HasSuffix(text[n-1], "{"), line+" names no such block")
		ts.Check(os.WriteFile(ts.MkAbs(m[2]), []byte(strings.Join(slices.Insert(text, n, "  "+m[1]), "\n")), 0o600))
		return
	}
	line, comment, _ := strings.Cut(line, "   # ")
	if strings.HasPrefix(line, "#") {
		return
	}
	words, err := shellwords.Parse(line)
	ts.Check(err)
	switch {
	case len(words) > 2 && words[0] == "aws" && words[2] == "wait", strings.HasPrefix(comment, "until "):
		// Whoever pastes it waits here.
		world(ts).Advance(20 * time.Minute)
	case len(words) > 1 && words[0] == "aws":
		ts.Check(stageOf(ts).Console().Paste(context.Background(), words[1:]))
	case len(words) > 1 && (words[0] == "terraform" || words[0] == "holdfast"):
		if slices.Contains(words, "apply") {
			words = append(words, "-auto-approve")
		}
		perform(ts, 0, words)
	default:
		ts.Fatalf("nobody can paste this: %s", line)
	}
}

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

	"github.com/mattn/go-shellwords"
	"github.com/rogpeppe/go-internal/testscript"
)

// paste does what a step of a way out says, line by line as somebody would who
// pastes it: commands are run, blocks go into a file, and an attribute is
// changed where the comment behind it says.
func paste(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "paste CODE N")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var drift struct {
		Differences []struct {
			Code   string
			Repair []struct{ Text string }
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("drift.json")), &drift))
	for i, d := range drift.Differences {
		if d.Code != args[0] {
			continue
		}
		need(ts, n < len(d.Repair), fmt.Sprintf("the way out of %s has %d steps", d.Code, len(d.Repair)))
		text := d.Repair[n].Text
		ts.Logf("%s", text)
		if strings.HasPrefix(text, "import {") {
			ts.Check(os.WriteFile(ts.MkAbs(fmt.Sprintf("pasted_%d.tf", i)), []byte(text+"\n"), 0o600))
			return
		}
		for line := range strings.Lines(text) {
			pasteLine(ts, strings.TrimSpace(line))
		}
		return
	}
	ts.Fatalf("no difference has the code %s", args[0])
}

var editing = regexp.MustCompile(`^(\w+) = (\S+)   # (\S+):(\d+)$`)

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
	line, _, _ = strings.Cut(line, "   # ")
	words, err := shellwords.Parse(line)
	ts.Check(err)
	switch {
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

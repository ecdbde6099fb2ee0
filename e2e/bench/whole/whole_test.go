package main

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

func TestStopwatchIsTheProgramAndWritesItDown(t *testing.T) {
	file := t.TempDir() + "/laps"
	t.Setenv(lapsFile, file)
	t.Setenv(lapsOf, "sh")
	if code := stopwatch([]string{"-c", "exit 3"}); code != 3 {
		t.Errorf("exit status: got %d, want 3", code)
	}
	stopwatch([]string{"-c", "exit 0"})
	laps, err := takeLaps(file)
	if err != nil || len(laps) != 2 || laps[0].Call != "exit 3" || laps[0].Wall <= 0 || laps[0].CPU <= 0 {
		t.Errorf("got %+v, %v, want both calls", laps, err)
	}
	if laps, err := takeLaps(file); laps != nil || err != nil {
		t.Errorf("got %+v, %v, want none: they were taken", laps, err)
	}
	t.Setenv(lapsOf, file)
	if code := stopwatch(nil); code == 0 {
		t.Error("a program that does not run has ended well")
	}
}

func TestCallIsTheSubcommand(t *testing.T) {
	for words, want := range map[string]string{
		"-chdir=a plan -out=b": "plan", "state pull": "state pull", "-chdir=a state -x pull y": "state pull", "apply -- file": "apply", "version": "version", "": "",
	} {
		if got := call(strings.Fields(words)); got != want {
			t.Errorf("%s: got %q, want %q", words, got, want)
		}
	}
}

// A run that leaves another number of instances than it was to make is no result.
func TestAnotherWorldIsNoResult(t *testing.T) {
	w, err := newWorld("sh", "sh")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	_, err = w.try(t.Context(), 2, []string{"sh", "-c", "exit 0"})
	if err == nil || !strings.Contains(err.Error(), "0 instances run, not 2") {
		t.Errorf("got %v, want that nothing runs", err)
	}
	if text, err := os.ReadFile(w.file("main.tf")); err != nil || !strings.Contains(string(text), "= 2\n") {
		t.Errorf("got %s, %v, want a configuration of two", text, err)
	}
}

// taking is a trial whose plan and apply take ten seconds, and the rest more.
func taking(more time.Duration) trial {
	t := trial{laps: []lap{{"plan", 6 * time.Second, 7 * time.Second}, {"apply", 4 * time.Second, 3 * time.Second}}, calls: map[string]int{"ec2 DescribeInstances": 5}}
	t.Wall, t.CPU = 10*time.Second+more, 10*time.Second+more
	if more > 0 {
		t.laps = append(t.laps, lap{"state pull", more / 2, more / 2})
		t.calls = map[string]int{"ec2 DescribeInstances": 9, "sts GetCallerIdentity": 1}
	}
	return t
}

func TestPartsOfTheWhole(t *testing.T) {
	for more, share := range map[time.Duration]string{200 * time.Millisecond: "1.0 %", 400 * time.Millisecond: "2.0 %"} {
		r, err := compared(1000, []trial{taking(0), taking(0)}, []trial{taking(more), taking(more)})
		if err != nil {
			t.Fatal(err)
		}
		if want := 1 + more.Seconds()/10; math.Abs(r.CPU-want) > 1e-9 || math.Abs(r.Wall-want) > 1e-9 {
			t.Errorf("%s more on 10 s: got %.3f and %.3f times, want %.3f", more, r.CPU, r.Wall, want)
		}
		for _, part := range []string{"holdfast itself", "state pull"} {
			if !strings.Contains(line(r.Text, part), share) {
				t.Errorf("half of it is %s, want %s:\n%s", part, share, r.Text)
			}
		}
		if !strings.Contains(r.Text, "in addition: 4 ec2 DescribeInstances, 1 sts GetCallerIdentity\n") {
			t.Errorf("got %s, want the calls of AWS that terraform alone does not make", r.Text)
		}
	}
}

// line is the first line of a text that begins so.
func line(text, begin string) string {
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, begin) {
			return l
		}
	}
	return ""
}

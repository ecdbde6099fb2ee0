// Package crash kills guarded changes with SIGKILL, at every step and in the
// middle of writes, and looks at what they leave behind. Who is killed is this
// test binary, started again as a process of its own.
package crash

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var kills = flag.Int("kills", 16, "processes to kill, about; from 250 on every step is among them")

func TestMain(m *testing.M) {
	if spec := os.Getenv(childSpec); spec != "" {
		os.Exit(child(spec))
	}
	flag.Parse()
	// What the machine's user has set is not about the servers here.
	for name, value := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	for _, name := range []string{"AWS_CA_BUNDLE", "AWS_SESSION_TOKEN", "AWS_PROFILE"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestKilledAtEveryStep kills before and after everything that has an effect.
func TestKilledAtEveryStep(t *testing.T) {
	steps := whole(t, directory(t))
	t.Logf("%d steps: %s", len(steps), strings.Join(steps, ", "))
	every := 1 + len(steps)*2/max(*kills, 1)
	for i := rand.IntN(every); i < len(steps); i += every {
		t.Run(fmt.Sprintf("%d %s", i+1, steps[i]), func(t *testing.T) {
			t.Parallel()
			killed(t, directory(t), spec{Step: i + 1})
		})
	}
}

// TestKilledAtEveryStepOfABucket does the same with the leases and records in a
// bucket, at some of the steps.
func TestKilledAtEveryStepOfABucket(t *testing.T) {
	steps := whole(t, bucket(t))
	every := max(1, len(steps)*6/max(*kills, 1))
	for i := rand.IntN(every); i < len(steps); i += every {
		t.Run(fmt.Sprintf("%d %s", i+1, steps[i]), func(t *testing.T) { killed(t, bucket(t), spec{Step: i + 1}) })
	}
}

// TestKilledWithHalfAFile leaves the temporary file of a write half written.
func TestKilledWithHalfAFile(t *testing.T) {
	steps := whole(t, directory(t))
	writes := 0
	for _, name := range steps {
		if strings.HasPrefix(name, "before Swap") {
			writes++
		}
	}
	for i := range writes {
		t.Run(fmt.Sprint("write ", i+1), func(t *testing.T) {
			t.Parallel()
			killed(t, directory(t), spec{Half: i + 1})
		})
	}
}

// TestKilledAtAnyMoment kills from outside, after a random time.
func TestKilledAtAnyMoment(t *testing.T) {
	p := directory(t)
	began := time.Now()
	whole(t, p)
	longest := time.Since(began)
	var dead atomic.Int64
	t.Run("kill", func(t *testing.T) {
		for i := range max(1, *kills/4) {
			after := time.Duration(rand.Int64N(int64(longest)))
			t.Run(fmt.Sprint(i+1, " after ", after), func(t *testing.T) {
				t.Parallel()
				if killed(t, directory(t), spec{After: after}) {
					dead.Add(1)
				}
			})
		}
	})
	t.Logf("%d runs were killed, the others were quicker", dead.Load())
}

// TestKilledAtAnyMomentWithABucket kills from outside while a request may be on
// its way.
func TestKilledAtAnyMomentWithABucket(t *testing.T) {
	p := bucket(t)
	began := time.Now()
	whole(t, p)
	longest := time.Since(began)
	for i := range max(1, *kills/10) {
		after := time.Duration(rand.Int64N(int64(longest)))
		t.Run(fmt.Sprint(i+1, " after ", after), func(t *testing.T) { killed(t, bucket(t), spec{After: after}) })
	}
}

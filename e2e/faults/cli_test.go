package faults

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sdkconfig "github.com/aws/aws-sdk-go-v2/config"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/cli"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
)

// The exit statuses of check (README).
const (
	allowed   = 0
	undecided = 1
	blocked   = 3
)

// TestCheck runs `holdfast check` itself: every fault, at the call that says
// who is there and at the first one that says how they are.
func TestCheck(t *testing.T) {
	var rows []string
	for _, s := range scenarios() {
		if !slices.Contains([]string{"parakeet group", "steady count", "two regions"}, s.name) {
			continue
		}
		s.open(t)
		for _, action := range []string{"DescribeInstances", "DescribeInstanceStatus"} {
			at := s.calls[slices.IndexFunc(s.calls, func(c call) bool { return c.action == action })]
			for _, f := range faults() {
				if f.fits != nil && !f.fits(at, s.calls) {
					continue
				}
				c := cell{scenario: s, call: at, nr: "1", fault: f, mode: f.modes()[len(f.modes())-1]}
				rows = append(rows, c.check(t))
			}
		}
	}
	t.Logf("%d runs\n%s", len(rows), strings.Join(rows, "\n"))
}

// check runs holdfast check with the fault and returns what it ended with.
func (c cell) check(t *testing.T) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	var code int
	var got outcome
	c.serve(t, func(ctx context.Context, p *proxy, load []func(*sdkconfig.LoadOptions) error) {
		began := time.Now()
		code = c.holdfast(ctx, t, &stdout, &stderr, load)
		got.took = time.Since(began)
		p.mu.Lock()
		defer p.mu.Unlock()
		got.given = p.given
	})
	c.output(t, code, got, stdout.String(), stderr.String())
	return c.String() + " -> exit " + string('0'+rune(code)) + ": " + strings.SplitN(stdout.String()+stderr.String(), "\n", 2)[0]
}

// holdfast runs the command in a directory with the plan and the config.
func (c cell) holdfast(ctx context.Context, t *testing.T, stdout, stderr *bytes.Buffer, load []func(*sdkconfig.LoadOptions) error) int {
	dir := t.TempDir()
	plan := filepath.Join(dir, "plan.json")
	words := []string{"-chdir=" + dir, "check", plan}
	files := map[string][]byte{plan: c.json}
	if c.config != "" {
		files[filepath.Join(dir, "holdfast.hcl")] = []byte(c.config)
	}
	for path, b := range files {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cli.Run(ctx, &cli.Factory{
		In: strings.NewReader(""), Out: stdout, Err: stderr, Now: c.world.Now, Suite: checks.Suite(),
		Env:   []string{"HOLDFAST_TRAIL_WAIT=0s"}, // the faults are of what decides
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Collector: func(ctx context.Context, r cli.Reading) live.Collector {
			return aws.New(ctx, aws.Options{Now: r.Now, Deadline: r.Timeout, Load: load})
		},
	}, words)
}

// output judges what the user sees.
func (c cell) output(t *testing.T, code int, got outcome, stdout, stderr string) {
	t.Helper()
	said := stdout + stderr
	if !slices.Contains([]int{allowed, undecided, blocked}, code) {
		t.Errorf("%s: got exit status %d", c, code)
	}
	if code == allowed && c.want == gate.Block && c.alike(t, got) == "" {
		t.Errorf("%s: MORE PERMISSIVE: got exit status 0:\n%s", c, said)
	}
	if c.want == gate.Allow && c.fault.broken && c.mode == onwards && (code != undecided || !strings.Contains(said, "could not be read")) {
		t.Errorf("%s: got exit status %d, want %d and what could not be read:\n%s", c, code, undecided, said)
	}
	if got.took > deadline+time.Second {
		t.Errorf("%s: it took %s", c, got.took)
	}
	if word := raw(said); word != "" {
		t.Errorf("%s: got output with %q:\n%s", c, word, said)
	}
	first, _, _ := strings.Cut(stdout, "\n")
	if !strings.HasPrefix(first, "holdfast: ") {
		t.Errorf("%s: got %q, want the answer on the first line:\n%s", c, first, said)
	}
	if strings.Contains(first, ", because not every") {
		t.Errorf("%s: got %q first, want what was the cause of that:\n%s", c, first, said)
	}
}

// An endpoint whose certificate nobody vouches for, and one that does not speak
// TLS at all, are not read.
func TestTLS(t *testing.T) {
	all := scenarios()
	s := all[slices.IndexFunc(all, func(s *scenario) bool { return s.name == "steady count" })]
	s.build(t)
	for name, certificate := range map[string]*tls.Certificate{"no TLS": nil, "a certificate of nobody": selfSigned(t)} {
		c := cell{scenario: s, mode: onwards, fault: fault{name: name, broken: true}, secure: true, certificate: certificate}
		c.check(t)
	}
}

func selfSigned(t *testing.T) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"aws.test"}, NotAfter: noon.AddDate(100, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

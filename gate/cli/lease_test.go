package cli

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/store"
)

// leased is a store in which alice holds search.
func leased(t *testing.T, accounts ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	kept, err := store.NewDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, account := range accounts {
		k := lease.Keeper{Store: kept, Holder: lease.Holder{ID: account, Actor: "al\x1bice", Host: "ci-7", Directory: "/srv/search"}}
		l, err := k.Take(t.Context(), account, []string{"search", "released"}, 0)
		if err != nil {
			t.Fatal(err)
		}
		r, err := k.Take(t.Context(), account, []string{"given back"}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Release(context.Background()) })
	}
	return dir
}

// hold runs holdfast and returns what it printed and its exit status.
func hold(t *testing.T, env []string, words ...string) (out, said string, code int) {
	t.Helper()
	f, o, e := factory()
	f.Env = env
	code = Run(t.Context(), f, words)
	return o.String(), e.String(), code
}

func TestLeaseList(t *testing.T) {
	dir := leased(t, "111111111111")
	out, said, code := hold(t, []string{"HOLDFAST_STORE=" + dir}, "lease", "list")
	rows := strings.Split(out, "\n")
	if code != 0 || said != "" || len(rows) != 4 || !strings.HasPrefix(rows[0], "CLUSTER ") {
		t.Fatalf("exit status %d, printed\n%s%s", code, out, said)
	}
	for _, word := range []string{"search", "111111111111", "held", "0s ago", "in 2m", "1", "al", "ice on ci-7, /srv/search"} {
		if !strings.Contains(rows[2], word) {
			t.Errorf("got row %q, want %q in it", rows[2], word)
		}
	}
	if strings.Contains(out, "\x1b") || strings.Contains(out, "given back") {
		t.Errorf("printed %q", out)
	}
	if out, _, _ := hold(t, nil, "--store", dir, "lease", "list", "--all"); !strings.Contains(out, "given back") {
		t.Errorf("--all printed\n%s", out)
	}
	out, _, code = hold(t, nil, "--store", dir, "-o", "json", "lease", "list")
	var doc struct {
		FormatVersion string `json:"format_version"`
		Store         string
		Leases        []struct {
			Cluster, State string
			Holder         struct{ Host string }
		}
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != 0 || doc.FormatVersion != "1.0" || doc.Store != dir || len(doc.Leases) != 3 || doc.Leases[2].State != "held" || doc.Leases[2].Holder.Host != "ci-7" {
		t.Errorf("exit status %d, %v, printed\n%s", code, err, out)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if out, _, code := hold(t, nil, "--store", empty, "lease", "list"); code != 0 || out != "Nobody holds a lease in "+empty+".\n" {
		t.Errorf("exit status %d, printed\n%s", code, out)
	}
}

func TestLeaseRelease(t *testing.T) {
	dir := leased(t, "111111111111")
	_, said, code := hold(t, nil, "--store", dir, "lease", "release", "search")
	if code != 1 || !strings.Contains(said, "needs a reason") {
		t.Errorf("without a reason: exit status %d, said %s", code, said)
	}
	_, said, code = hold(t, nil, "--store", dir, "lease", "release", "other", "--reason", "x")
	if code != 1 || !strings.Contains(said, "nobody ever took a lease of other") {
		t.Errorf("another cluster: exit status %d, said %s", code, said)
	}
	out, said, code := hold(t, nil, "--store", dir, "lease", "release", "search", "--reason", "ci-7 is gone")
	if code != 0 || !strings.HasPrefix(out, "The lease of search is ended; it was held by al") || !strings.Contains(said, "may still be applying") || !strings.Contains(said, "Nobody can take the lease for another 2m") {
		t.Errorf("exit status %d, printed %s, said %s", code, out, said)
	}
	if out, _, _ := hold(t, nil, "--store", dir, "lease", "list"); !strings.Contains(out, ": ci-7 is gone") || !strings.Contains(out, "ending") {
		t.Errorf("the reason is not kept:\n%s", out)
	}
	dir = leased(t, "111111111111", "222222222222")
	_, said, code = hold(t, nil, "--store", dir, "lease", "release", "search", "--reason", "x")
	if code != 1 || !strings.Contains(said, "several accounts have a cluster search: 111111111111, 222222222222") {
		t.Errorf("two accounts: exit status %d, said %s", code, said)
	}
	if _, said, code = hold(t, nil, "--store", dir, "lease", "release", "search", "--account", "222222222222", "--reason", "x"); code != 0 {
		t.Errorf("--account: exit status %d, said %s", code, said)
	}
	if _, said, code = hold(t, nil, "--store", dir, "lease", "release"); code != 1 || !strings.Contains(said, "holdfast lease list") {
		t.Errorf("no name: exit status %d, said %s", code, said)
	}
}

func TestStorePlace(t *testing.T) {
	t.Chdir(t.TempDir())
	home := t.TempDir()
	tests := map[string]struct {
		at   string
		env  []string
		want gate.Store
		err  string
	}{
		"a directory":        {at: "/srv//holdfast/", want: gate.Store{Directory: "/srv/holdfast"}},
		"a bucket":           {at: "s3://team", want: gate.Store{Bucket: "team"}},
		"a prefix":           {at: "s3://team/infra/holdfast/", want: gate.Store{Bucket: "team", Prefix: "infra/holdfast"}},
		"the user's own":     {env: []string{"HOME=" + home}, want: gate.Store{Directory: filepath.Join(home, ".local/state/holdfast")}},
		"the user's state":   {env: []string{"HOME=" + home, "XDG_STATE_HOME=/state"}, want: gate.Store{Directory: "/state/holdfast"}},
		"state that is none": {env: []string{"HOME=" + home, "XDG_STATE_HOME=state"}, want: gate.Store{Directory: filepath.Join(home, ".local/state/holdfast")}},
		"no home":            {err: "HOME is not set"},
		"relative":           {at: "store", err: "another store in every directory"},
		"no bucket":          {at: "s3:///x", err: "does not name a bucket"},
		"a query":            {at: "s3://team/x?region=eu", err: "does not name a bucket"},
		"another scheme":     {at: "gs://team/x", err: "neither a directory nor a bucket"},
	}
	for name, test := range tests {
		f, _, _ := factory()
		f.Env = test.env
		got, err := (&global{Factory: f, storeAt: test.at}).storePlace()
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: got error %v, want %q", name, err, test.err)
			}
			continue
		}
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

package aws_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// The user's own settings hold, as for any AWS tool: nothing here is passed to
// the Collector but the name of a profile.
func TestUsersOwnSettings(t *testing.T) {
	tests := map[string]struct {
		profile string
		env     map[string]string
		config  string
	}{
		"environment": {
			env: map[string]string{"AWS_ENDPOINT_URL": "ENDPOINT", "AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": canary},
		},
		"profile in the environment": {
			env:    map[string]string{"AWS_PROFILE": "work"},
			config: "[profile work]\naws_access_key_id = AKIDTEST\naws_secret_access_key = " + canary + "\nendpoint_url = ENDPOINT\n",
		},
		"profile by option": {
			profile: "work",
			config:  "[profile work]\naws_access_key_id = AKIDTEST\naws_secret_access_key = " + canary + "\nendpoint_url = ENDPOINT\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := awssim.New(noon)
			server := httptest.NewServer(w)
			defer server.Close()
			fill := func(s string) string { return strings.ReplaceAll(s, "ENDPOINT", server.URL) }
			for _, unset := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"} {
				t.Setenv(unset, "")
			}
			for k, v := range tt.env {
				t.Setenv(k, fill(v))
			}
			file := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(file, []byte(fill(tt.config)), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("AWS_CONFIG_FILE", file)
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file+".none")
			// No region is set anywhere, and one is read all the same: it is
			// the plan's.
			c := aws.New(t.Context(), aws.Options{Now: w.Now, Profile: tt.profile, Attempts: 1})
			s := live.Read(t.Context(), w.Now, c, map[string]live.Want{livetest.Away: {}})
			if got := problems(t, s); len(got) != 0 || s.Account != awssim.DefaultAccount {
				t.Errorf("got account %q, problems %v: %v", s.Account, got, s.Sources)
			}
			if calls := w.Calls(); len(calls) != 1 || calls[0].Region != livetest.Away {
				t.Errorf("calls: got %v, want one in %s", calls, livetest.Away)
			}
		})
	}
}

package aws_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
)

// Of the two lists of one bucket one shows nothing and the other objects. Neither
// is then taken for whole: what is not seen may be all there is.
func TestListsOfABucketContradict(t *testing.T) {
	objects := regexp.MustCompile(`<Contents>.*?</Contents>`)
	versions := regexp.MustCompile(`<Version .*?</Version>`)
	for name, c := range map[string]struct {
		list string // the query that asks for it
		lost *regexp.Regexp
		want string
	}{
		"objects":  {"list-type=2", objects, gate.SourceObjects},
		"versions": {"versions", versions, gate.SourceVersions},
		"none":     {"nothing", objects, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := awssim.New(noon)
			server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				answer := httptest.NewRecorder()
				w.ServeHTTP(answer, r)
				body := answer.Body.Bytes()
				if strings.Contains(r.URL.RawQuery, c.list) {
					body = c.lost.ReplaceAll(body, nil)
				}
				out.WriteHeader(answer.Code)
				_, _ = out.Write(body)
			}))
			t.Cleanup(server.Close)
			s := &sim{w, aws.New(t.Context(), aws.Options{Attempts: 1, Now: w.Now, Load: settings(server.URL)})}
			s.CreateBucket("us-east-1", "files")
			s.KeepVersions("files")
			s.PutObject("files", "a", []byte("a"))
			got := collect(t, s, ask())
			for _, source := range []string{gate.SourceObjects, gate.SourceVersions} {
				r := row(t, got, source)
				if wrong := source == c.want; r.Complete == wrong || wrong && (r.Problem != gate.ProblemPartial || !strings.Contains(r.Err, "shows nothing in bucket files")) {
					t.Errorf("%s: got complete %v, %q, %q", source, r.Complete, r.Problem, r.Err)
				}
			}
			d, _ := got.DataStore(gate.KindBucket, "us-east-1", "files")
			if seen := d.Holds.Samples[0]; seen.Objects.Empty() || (c.want == gate.SourceVersions) == seen.Noncurrent.Empty() {
				t.Errorf("got %+v", seen)
			}
		})
	}
}

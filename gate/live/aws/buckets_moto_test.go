//go:build moto

package aws_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// TestBucketsOnMoto runs the part of the suite that is about buckets against
// moto, which puts another name over the answer about versioning than S3 does.
func TestBucketsOnMoto(t *testing.T) {
	endpoint := emulator.Start(t)
	livetest.RunBuckets(t, []string{gate.SourceVersioning}, func(t *testing.T) livetest.BucketCloud { return &motoBuckets{newMoto(t, endpoint), endpoint} })
}

type motoBuckets struct {
	*moto
	endpoint string
}

func (m *motoBuckets) put(region, path, body string) {
	m.t.Helper()
	r, err := http.NewRequestWithContext(m.t.Context(), http.MethodPut, m.endpoint+"/"+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDTEST/20261122/"+region+"/s3/aws4_request, SignedHeaders=host, Signature=0")
	out, err := http.DefaultClient.Do(r)
	if must(m.moto, out, err).Body.Close(); out.StatusCode != http.StatusOK {
		m.t.Fatalf("moto: %s: %s", path, out.Status)
	}
}

func (m *motoBuckets) Bucket(region, name string, objects int) {
	m.put(region, name, "")
	m.put(region, name+"?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	for i := range objects {
		m.put(region, fmt.Sprint(name, "/calls/", i), "a")
	}
	m.put(region, name+"/calls/0", "b")
	m.put(region, name+"?lifecycle", suiteRule)
}

func (m *motoBuckets) Copy(region, name, to string) {
	m.put(region, name+"?replication", fmt.Sprintf(copyRule, to))
}

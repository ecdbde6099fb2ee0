package store

import (
	"context"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// front stands before a simulated S3 and may answer in its place.
type front struct {
	world *awssim.World
	// answer sees each write but those of the probe, counted from 1, and returns
	// false to let S3 answer it.
	answer func(rw http.ResponseWriter, r *http.Request, write int) bool
	writes atomic.Int64
}

func (f *front) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut && !strings.HasSuffix(r.URL.Path, ".probe") && f.answer != nil && f.answer(rw, r, int(f.writes.Add(1))) {
		return
	}
	f.world.ServeHTTP(rw, r)
}

func openFront(t *testing.T) (*S3, *front) {
	f := &front{world: awssim.New(start())}
	f.world.CreateBucket("us-east-1", "team")
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return openS3(t, server.URL), f
}

// refuse answers as S3 does when it fails.
func refuse(rw http.ResponseWriter, status int, code string) bool {
	rw.Header().Set("Content-Type", "application/xml")
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte("<Error><Code>" + code + "</Code><Message>what was signed: secret-canary token-canary</Message></Error>"))
	return true
}

// lose lets S3 do the write, and the answer not arrive.
func (f *front) lose(r *http.Request) {
	f.world.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

func TestWritesThatAreSentAgain(t *testing.T) {
	for code, status := range map[string]int{"SlowDown": 503, "ConditionalRequestConflict": 409, "InternalError": 500, "ServiceUnavailable": 503, "RequestTimeout": 400, "": 429} {
		t.Run(code, func(t *testing.T) {
			s, f := openFront(t)
			f.answer = func(rw http.ResponseWriter, _ *http.Request, write int) bool {
				return write%3 != 0 && refuse(rw, status, code)
			}
			version := must(s.Swap(t.Context(), "a/b", "", []byte("1")))(t)
			must(s.Swap(t.Context(), "a/b", version, []byte("2")))(t)
		})
	}
}

// A write was done, its answer was lost, and the repetition finds it in its
// way. That is neither a success nor somebody else's: the caller must look.
func TestAnAnswerThatIsLost(t *testing.T) {
	s, f := openFront(t)
	f.answer = func(_ http.ResponseWriter, r *http.Request, write int) bool {
		if write == 1 {
			f.lose(r)
		}
		return false
	}
	_, err := s.Swap(t.Context(), "a/b", "", []byte("1"))
	if errors.Is(err, fs.ErrExist) {
		t.Fatalf("got %v: what is there may be ours", err)
	}
	sentence(t, err, "it is not known whether the first try was done")
	if data := must3(s.Read(t.Context(), "a/b"))(t); string(data) != "1" {
		t.Errorf("got %q, want what was written", data)
	}
}

// What was refused for certain before a conflict was not done by us.
func TestAConflictAfterARefusal(t *testing.T) {
	s, f := openFront(t)
	must(s.Swap(t.Context(), "a/b", "", []byte("1")))(t)
	f.answer = func(rw http.ResponseWriter, _ *http.Request, write int) bool {
		return write == 1 && refuse(rw, 503, "SlowDown")
	}
	_, err := s.Swap(t.Context(), "a/b", "", []byte("2"))
	is(t, err, fs.ErrExist)
}

func TestReplacingWhatIsGone(t *testing.T) {
	s, _ := openFront(t)
	_, err := s.Swap(t.Context(), "a/b", `"0123456789abcdef0123456789abcdef"`, []byte("1"))
	is(t, err, fs.ErrExist)
}

func TestErrorsAreSentences(t *testing.T) {
	tests := map[string]struct {
		status int
		code   string
		words  string
	}{
		"denied":                {403, "AccessDenied", "it is not allowed to these credentials"},
		"expired":               {400, "ExpiredToken", "AWS refused the credentials (ExpiredToken)"},
		"wrong key":             {403, "InvalidAccessKeyId", "AWS refused the credentials"},
		"wrong secret":          {403, "SignatureDoesNotMatch", "AWS refused the credentials"},
		"wrong clock":           {403, "RequestTimeTooSkewed", "the clock of this machine is wrong"},
		"no bucket":             {404, "NoSuchBucket", "there is no such bucket"},
		"another region":        {301, "PermanentRedirect", "in another region than us-east-1"},
		"another region, again": {400, "AuthorizationHeaderMalformed", "in another region than us-east-1"},
		"throttled":             {503, "SlowDown", "still throttling"},
		"broken":                {500, "InternalError", "the server answered 500 (InternalError)"},
		"a proxy":               {502, "", "the server answered 502"},
		"a proxy that has none": {404, "", "the server answered 404"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				if test.code == "" {
					http.Error(rw, "<html>secret-canary</html>", test.status)
				} else {
					refuse(rw, test.status, test.code)
				}
			}))
			t.Cleanup(server.Close)
			s := openS3(t, server.URL)
			_, _, _, err := s.Read(t.Context(), "a/b")
			if errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Read: got %v: it is not known that there is none", err)
			}
			sentence(t, err, test.words)
			_, err = s.Swap(t.Context(), "a/b", "", []byte("1"))
			if errors.Is(err, fs.ErrExist) {
				t.Errorf("Swap: got %v: nobody said that another is there", err)
			}
			sentence(t, err, test.words)
			s.proved = true
			_, err = s.Swap(t.Context(), "a/b", "", []byte("1"))
			sentence(t, err, test.words)
			_, err = s.List(t.Context(), "a/")
			sentence(t, err, test.words)
		})
	}
}

func TestDeniedNamesWhatToAllow(t *testing.T) {
	s, f := openFront(t)
	f.world.Deny("s3.*")
	_, _, _, err := s.Read(t.Context(), "a/b")
	want := "a/b could not be read in s3://team/infra: it is not allowed to these credentials\nAllow s3:GetObject and s3:PutObject on arn:aws:s3:::team/infra/* and s3:ListBucket on arn:aws:s3:::team to them"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTheRegionOfTheBucketIsNamed(t *testing.T) {
	s, f := openFront(t)
	f.world.CreateBucket("eu-west-1", "team")
	_, _, _, err := s.Read(t.Context(), "a/b")
	sentence(t, err, "in another region than us-east-1: eu-west-1")
}

func TestNobodyAnswers(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	s := openS3(t, server.URL)
	_, _, _, err := s.Read(t.Context(), "a/b")
	sentence(t, err, "S3 could not be reached")
	_, err = s.Swap(t.Context(), "a/b", "", nil)
	sentence(t, err, "S3 could not be reached")
}

func TestAServerThatHangs(t *testing.T) {
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(done) })
	s := openS3(t, server.URL)
	s.deadline = 50 * time.Millisecond
	_, _, _, err := s.Read(t.Context(), "a/b")
	sentence(t, err, "S3 gave no answer in time")
	_, err = s.Swap(t.Context(), "a/b", "", nil)
	sentence(t, err, "S3 gave no answer in time")
	_, err = s.List(t.Context(), "")
	sentence(t, err, "S3 gave no answer in time")
}

// A server that takes a write whose condition does not hold cannot keep two
// apart, and is found out before anything is written to it.
func TestAServerThatIgnoresConditions(t *testing.T) {
	for _, header := range []string{"If-None-Match", "If-Match"} {
		t.Run(header, func(t *testing.T) {
			w := awssim.New(start())
			w.CreateBucket("us-east-1", "team")
			writes := 0
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				r.Header.Del(header)
				if r.Method == http.MethodPut && !strings.HasSuffix(r.URL.Path, ".probe") {
					writes++
				}
				w.ServeHTTP(rw, r)
			}))
			t.Cleanup(server.Close)
			s := openS3(t, server.URL)
			for range 2 {
				_, err := s.Swap(t.Context(), "a/b", "", []byte("1"))
				sentence(t, err, "does not honour conditional writes")
			}
			if writes != 0 {
				t.Errorf("it was written to %d times", writes)
			}
		})
	}
	t.Run("not implemented", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { refuse(rw, 501, "NotImplemented") }))
		t.Cleanup(server.Close)
		_, err := openS3(t, server.URL).Swap(t.Context(), "a/b", "", []byte("1"))
		sentence(t, err, "does not honour conditional writes")
	})
}

func TestTheServerIsTriedOnce(t *testing.T) {
	s, f := openFront(t)
	must(s.Swap(t.Context(), "a/b", "", []byte("1")))(t)
	must(s.Swap(t.Context(), "a/c", "", []byte("1")))(t)
	probes := 0
	for _, c := range f.world.Calls() {
		if c.Action == "PutObject" && strings.HasSuffix(c.Params.Get("Key"), "infra/.probe") {
			probes++
		}
	}
	if probes != 3 {
		t.Errorf("got %d probes, want 3", probes)
	}
}

func TestTheBucketIsInThePath(t *testing.T) {
	s, _ := openFront(t)
	if !s.custom || !s.client.Options().UsePathStyle {
		t.Error("a server that is not AWS's has no name for each bucket")
	}
	t.Setenv("AWS_ENDPOINT_URL_S3", "")
	s = must(NewS3(t.Context(), Bucket{Name: "team"}))(t)
	if s.custom || s.client.Options().UsePathStyle {
		t.Error("AWS's own server is spoken to as if it were somebody else's")
	}
}

func TestAPageThatFails(t *testing.T) {
	s, f := openFront(t)
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		f.world.PutObject("team", "infra/"+key, nil)
	}
	f.world.SetPageSize(2)
	f.world.FailPage("s3.ListObjectsV2", 2, awssim.Failure{Code: "InternalError", Status: 500})
	keys, err := s.List(t.Context(), "")
	sentence(t, err, "could not be listed")
	if keys != nil {
		t.Errorf("got keys %q of a list that is not whole", keys)
	}
}

func TestSettingsThatAreMissing(t *testing.T) {
	settings(t, "http://127.0.0.1:1")
	t.Setenv("AWS_REGION", "")
	_, err := NewS3(t.Context(), Bucket{Name: "team"})
	sentence(t, err, "the region of s3://team is not known")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err = NewS3(t.Context(), Bucket{Name: "team", Region: "eu-west-1"})
	sentence(t, err, "no usable AWS credentials were found for s3://team")
	t.Setenv("AWS_PROFILE", "canary")
	_, err = NewS3(t.Context(), Bucket{Name: "team", Region: "eu-west-1"})
	sentence(t, err, "cannot be loaded")
}

// Companies put a proxy with a certificate of their own before AWS.
func TestACertificateOfOnesOwn(t *testing.T) {
	w := awssim.New(start())
	w.CreateBucket("us-east-1", "team")
	server := httptest.NewTLSServer(w)
	t.Cleanup(server.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	ok(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	t.Setenv("AWS_CA_BUNDLE", bundle)
	s := openS3(t, server.URL)
	must(s.Swap(t.Context(), "a/b", "", []byte("1")))(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if data := must3(s.Read(ctx, "a/b"))(t); string(data) != "1" {
		t.Errorf("got %q, want what was written", data)
	}
}

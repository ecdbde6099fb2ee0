//go:build moto

package awssim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// TestObjectsLikeMoto makes the calls of a store to awssim and to moto, and
// compares the status, the code and every field that the store reads.
func TestObjectsLikeMoto(t *testing.T) {
	w := awssim.New(start)
	w.CreateBucket("us-east-1", "team")
	server := httptest.NewServer(w)
	defer server.Close()
	moto := emulator.Start(t)
	sim, real := objects(server.URL), objects(moto)
	if _, err := real.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("team")}); err != nil {
		t.Fatal(err)
	}
	got, wanted := storeTour(t, sim), storeTour(t, real)
	for i := range max(len(got), len(wanted)) {
		if got[i] != wanted[i] {
			t.Errorf("awssim: %s\n  moto: %s", got[i], wanted[i])
		}
	}
}

func objects(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &endpoint, Region: "us-east-1", UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials:                credentials.NewStaticCredentialsProvider("test", "test", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

// storeTour makes the calls and notes what comes back, one line each.
func storeTour(t *testing.T, c *s3.Client) []string {
	var lines []string
	note := func(what string, err error, fields ...any) {
		line := what + ":"
		var answer *smithyhttp.ResponseError
		if errors.As(err, &answer) {
			line += fmt.Sprint(" ", answer.HTTPStatusCode(), " ", code(err))
		} else if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for _, f := range fields {
			line += fmt.Sprintf(" %v", f)
		}
		lines = append(lines, line)
	}
	put := func(what, bucket, key, data, match, none string) {
		in := &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(data)}
		if match != "" {
			in.IfMatch = &match
		}
		if none != "" {
			in.IfNoneMatch = &none
		}
		out, err := c.PutObject(t.Context(), in)
		etag := ""
		if err == nil {
			etag = aws.ToString(out.ETag)
		}
		note(what, err, etag)
	}
	get := func(what, bucket, key string) {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			note(what, err)
			return
		}
		b := make([]byte, 100)
		n, _ := out.Body.Read(b)
		now, dated := awsmiddleware.GetServerTime(out.ResultMetadata)
		age := now.Sub(aws.ToTime(out.LastModified))
		note(what, nil, string(b[:n]), aws.ToString(out.ETag), aws.ToInt64(out.ContentLength), dated, age >= 0 && age.Seconds() < 30)
	}
	put("made", "team", "k/a", "1", "", "*")
	put("made again", "team", "k/a", "2", "", "*")
	get("read", "team", "k/a")
	put("replaced", "team", "k/a", "2", `"c4ca4238a0b923820dcc509a6f75849b"`, "")
	put("replaced again", "team", "k/a", "3", `"c4ca4238a0b923820dcc509a6f75849b"`, "")
	put("replaced nothing", "team", "k/none", "3", `"c4ca4238a0b923820dcc509a6f75849b"`, "")
	put("no bucket", "nobody", "k/a", "1", "", "*")
	get("read again", "team", "k/a")
	get("read nothing", "team", "k/none")
	get("read in no bucket", "nobody", "k/a")
	for i := range 5 {
		put("one of five", "team", fmt.Sprint("k/", i), "x", "", "")
	}
	_, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("team"), Key: aws.String("k/none")})
	note("head of nothing", err)
	pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String("team"), Prefix: aws.String("k/"), MaxKeys: aws.Int32(4)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, o := range page.Contents {
			keys = append(keys, fmt.Sprint(*o.Key, "=", aws.ToString(o.ETag), "/", aws.ToInt64(o.Size)))
		}
		sorted := sort.StringsAreSorted(keys)
		note("page", nil, keys, sorted, aws.ToInt32(page.KeyCount), aws.ToBool(page.IsTruncated), aws.ToString(page.NextContinuationToken) != "")
	}
	_, err = c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("nobody")})
	note("list of no bucket", err)
	_, err = c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("team"), Key: aws.String("k/a")})
	note("deleted", err)
	get("read what was deleted", "team", "k/a")
	return lines
}

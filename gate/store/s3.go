package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
)

// A Bucket says where in S3 a store is.
type Bucket struct {
	Name   string
	Prefix string // of its keys, without a slash at either end; empty means none
	Region string // of the bucket; empty means that of the AWS settings
}

// An S3 keeps each object in one of a bucket, below a prefix. Reads, writes
// and lists of S3 are strongly consistent, and a conditional write is judged
// and done in one (S3 User Guide, "Amazon S3 data consistency model" and "Add
// preconditions to S3 operations with conditional requests"). A server of
// somebody else must promise the same; that it refuses a write whose condition
// does not hold is tried before the first one, that it does so when many write
// at once cannot be.
type S3 struct {
	bucket   Bucket
	client   *s3.Client
	custom   bool          // the server is not known to be AWS
	deadline time.Duration // of one call, its repetitions included
	pause    time.Duration // before the first repetition; each later one waits twice as long

	mu     sync.Mutex
	proved bool // the server honours conditions
}

const (
	attempts = 4                // of one call
	answer   = 5 * time.Second  // longest wait for the head of an answer
	deadline = 20 * time.Second // of one call, its repetitions included
)

// NewS3 prepares the store in a bucket, with the credentials and the settings
// of the SDK's own chain, and asks for the credentials once. Another server
// than AWS's is used only where AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 or the
// shared config file names one.
func NewS3(ctx context.Context, b Bucket) (*S3, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fmt.Errorf("the AWS settings for s3://%s cannot be loaded\nCheck AWS_PROFILE, AWS_CA_BUNDLE and the shared config file", b.Name)
	}
	if b.Region != "" {
		cfg.Region = b.Region
	}
	if cfg.Region == "" {
		return nil, fmt.Errorf("the region of s3://%s is not known\nSet AWS_REGION, or region in the store block of holdfast.hcl", b.Name)
	}
	b.Region = cfg.Region
	if err := credentials(ctx, cfg, b); err != nil {
		return nil, err
	}
	s := &S3{bucket: b, deadline: deadline, pause: 100 * time.Millisecond}
	s.client = s3.NewFromConfig(cfg, s.options)
	return s, nil
}

func credentials(ctx context.Context, cfg sdk.Config, b Bucket) error {
	if cfg.Credentials != nil {
		ctx, cancel := context.WithTimeout(ctx, deadline)
		defer cancel()
		if _, err := cfg.Credentials.Retrieve(ctx); err == nil {
			return nil
		}
	}
	return fmt.Errorf("no usable AWS credentials were found for s3://%s\nCheck with `aws sts get-caller-identity`", b.Name)
}

// options is called when everything that can name an endpoint has been read.
func (s *S3) options(o *s3.Options) {
	s.custom = o.BaseEndpoint != nil
	if s.custom {
		// A server of somebody else has no name for each bucket, and may not know
		// the newer checksums.
		o.UsePathStyle = true
		o.RequestChecksumCalculation = sdk.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = sdk.ResponseChecksumValidationWhenRequired
	}
	o.DisableLogOutputChecksumValidationSkipped = true
	client, ok := o.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		client = awshttp.NewBuildableClient()
	}
	o.HTTPClient = bodyKeeper{client.
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = answer }).
		WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answer })}
	// The repetitions of reads are the SDK's; those of writes are Swap's own,
	// which knows what a repeated condition means.
	o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
		r.MaxAttempts = attempts
		r.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) { return s.pause << (attempt - 1), nil })
	})
}

// String says where the store is.
func (s *S3) String() string {
	return strings.TrimSuffix("s3://"+s.bucket.Name+"/"+s.bucket.Prefix, "/")
}

// Read returns an object, its version and how long ago it was written, both
// times being S3's own, to the second. Where the answer lacks one of them the
// age is zero: nothing is older than it is known to be. The error of an object
// that is not there is fs.ErrNotExist.
func (s *S3) Read(ctx context.Context, key string) ([]byte, string, time.Duration, error) {
	if err := check(key); err != nil {
		return nil, "", 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.deadline)
	defer cancel()
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket.Name, Key: s.name(key)})
	if err != nil {
		return nil, "", 0, s.failed(ctx, "read", key, err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(io.LimitReader(out.Body, longest+1))
	if err == nil && len(data) > longest {
		err = errors.New("it is too long")
	}
	if err != nil {
		return nil, "", 0, s.failed(ctx, "read", key, err)
	}
	if sdk.ToString(out.ETag) == "" {
		return nil, "", 0, s.failed(ctx, "read", key, errNoVersion)
	}
	now, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	if !ok || out.LastModified == nil {
		return data, *out.ETag, 0, nil
	}
	return data, *out.ETag, max(0, now.Sub(*out.LastModified)), nil
}

// List returns every key that begins with prefix, sorted, from every page.
func (s *S3) List(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.bucket.Name, Prefix: s.name(prefix)},
		func(o *s3.ListObjectsV2PaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := s.page(ctx, pages)
		if err != nil {
			return nil, s.failed(ctx, "listed", prefix, err)
		}
		for _, object := range page.Contents {
			key := strings.TrimPrefix(sdk.ToString(object.Key), sdk.ToString(s.name("")))
			if check(key) == nil {
				keys = append(keys, key)
			}
		}
		// Fail closed: a page that says that there is more and not where would be
		// taken for the last one.
		if sdk.ToBool(page.IsTruncated) && !pages.HasMorePages() {
			return nil, s.failed(ctx, "listed", prefix, errCut)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

func (s *S3) page(ctx context.Context, pages *s3.ListObjectsV2Paginator) (*s3.ListObjectsV2Output, error) {
	ctx, cancel := context.WithTimeout(ctx, s.deadline)
	defer cancel()
	return pages.NextPage(ctx)
}

// name is the key of an object in the bucket.
func (s *S3) name(key string) *string {
	if s.bucket.Prefix != "" {
		key = s.bucket.Prefix + "/" + key
	}
	return &key
}

// bodyKeeper sends requests with a body of their own. The SDK closes a body as
// soon as the answer begins, and where that is before the transport has seen
// its end, as happens with a server on the same machine, the connection breaks
// and nobody knows whether the write was done.
type bodyKeeper struct{ s3.HTTPClient }

func (k bodyKeeper) Do(req *http.Request) (*http.Response, error) {
	if req.Body == nil {
		return k.HTTPClient.Do(req)
	}
	b, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	own := *req
	own.Body = io.NopCloser(bytes.NewReader(b))
	return k.HTTPClient.Do(&own)
}

var (
	errNoVersion = errors.New("the answer names no ETag")
	errCut       = errors.New("the list was cut off in the middle")
)

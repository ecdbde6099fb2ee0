package store

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Swap writes an object in the place of the version that the caller saw, an
// empty version being none at all, and returns its new version. S3 answers a
// write when it is durable. fs.ErrExist: another version is there and nothing
// was written. After any other error it is not known whether it was, and the
// caller must read.
func (s *S3) Swap(ctx context.Context, key, seen string, data []byte) (string, error) {
	if err := check(key); err != nil {
		return "", err
	}
	if len(data) > longest {
		return "", fmt.Errorf("%s is too long for the store: %d bytes\nPlan less at once", key, len(data))
	}
	ctx, cancel := context.WithTimeout(ctx, s.deadline)
	defer cancel()
	if err := s.prove(ctx); err != nil {
		return "", err
	}
	// applied: a try that got no answer may have been done all the same.
	applied := false
	for try := 1; ; try++ {
		out, err := s.put(ctx, key, seen, data, func(o *s3.Options) { o.Retryer = sdk.NopRetryer{} })
		why := reason(err)
		switch {
		case err == nil && sdk.ToString(out.ETag) == "":
			return "", s.failed(ctx, "written", key, errNoVersion)
		case err == nil:
			return *out.ETag, nil
		case why == conflict && applied:
			// What stands in the way may be what the try before wrote.
			return "", s.failed(ctx, "written", key, errUnknown)
		case why == conflict:
			return "", fmt.Errorf("%s in %s is not what it was: %w", key, s, fs.ErrExist)
		case why == final || try == attempts || ctx.Err() != nil:
			return "", s.failed(ctx, "written", key, err)
		case why == unknown:
			applied = true
		}
		if err := pause(ctx, s.pause<<(try-1)); err != nil {
			return "", s.failed(ctx, "written", key, err)
		}
	}
}

// put writes, if what the caller saw is still there.
func (s *S3) put(ctx context.Context, key, seen string, data []byte, o ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	in := &s3.PutObjectInput{Bucket: &s.bucket.Name, Key: s.name(key), Body: bytes.NewReader(data), ContentLength: sdk.Int64(int64(len(data)))}
	if seen == "" {
		in.IfNoneMatch = sdk.String("*")
	} else {
		in.IfMatch = &seen
	}
	return s.client.PutObject(ctx, in, o...)
}

// outcome is what an error says about a write.
type outcome int

const (
	unknown  outcome = iota // it may have been done
	conflict                // it was not: another version is there
	again                   // it was not, and may be tried again
	final                   // it was not, and trying again does not help
)

// reason sorts the error of a conditional write (S3 User Guide, "How to prevent
// object overwrites with conditional writes"): 412 is a condition that does
// not hold, 404 an object to replace that is gone, 409 two writes at once of
// which this one is to be sent again.
func reason(err error) outcome {
	switch status, code := statusOf(err), codeOf(err); {
	case status == http.StatusPreconditionFailed, code == "NoSuchKey":
		return conflict
	case code == "ConditionalRequestConflict", code == "SlowDown", code == "RequestTimeout", status == http.StatusTooManyRequests:
		return again
	case status >= 300 && status < 500 && status != http.StatusRequestTimeout, status == http.StatusNotImplemented:
		return final
	}
	// Nobody answered, or not whoever keeps the objects: it may have been done.
	return unknown
}

// prove finds out, once, whether a server that is not AWS's refuses a write
// whose condition does not hold. One that takes it would let two hold one
// lease.
func (s *S3) prove(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.custom || s.proved {
		return nil
	}
	const probe = ".probe" // no key: List leaves it out
	data := []byte("Holdfast writes this to see whether the server honours If-None-Match and If-Match.\n")
	// The first write makes the object, or finds it made; the others must fail.
	for i, seen := range []string{"", "", `"00000000000000000000000000000000"`} {
		_, err := s.put(ctx, probe, seen, data)
		switch why := reason(err); {
		case i > 0 && err == nil, statusOf(err) == http.StatusNotImplemented:
			return s.unfit()
		case err != nil && why != conflict && codeOf(err) != "ConditionalRequestConflict":
			return s.failed(ctx, "written", probe, err)
		}
	}
	s.proved = true
	return nil
}

// unfit is the refusal of a server that would let two write at once.
func (s *S3) unfit() error {
	return fmt.Errorf("the server of %s does not honour conditional writes (If-None-Match, If-Match), so it cannot keep two changes apart\nUse a bucket of Amazon S3, a server that does, or a directory", s)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

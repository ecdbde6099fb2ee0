package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// errUnknown is a write of which a repetition was refused.
var errUnknown = errors.New("it is not known whether the first try was done")

// failed says in one sentence what could not be done and in the next what
// helps. Of an error of S3 only its code is quoted: its message can repeat what
// was signed.
func (s *S3) failed(ctx context.Context, done, key string, err error) error {
	status, code := statusOf(err), codeOf(err)
	what := strings.TrimSuffix(fmt.Sprintf("%s could not be %s in %s", strings.TrimSuffix(key, "/"), done, s), "/")
	say := func(why, fix string) error { return fmt.Errorf("%s: %s%w\n%s", what, why, silent{err}, fix) }
	switch {
	case code == "NoSuchBucket":
		return say("there is no such bucket", "Make the bucket "+s.bucket.Name+", or name another store with --store or in holdfast.hcl")
	case code == "NoSuchKey" && done == "read":
		return fmt.Errorf("%s is not in the store %s: %w", key, s, fs.ErrNotExist)
	case errors.Is(err, errUnknown), errors.Is(err, errNoVersion), errors.Is(err, errCut):
		return say(err.Error(), "Try again")
	case errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, context.Canceled):
		return say("it was interrupted", "Run it again")
	case moved(status, code):
		return say("the bucket is in another region than "+s.bucket.Region+region(err), "Set region in the store block of holdfast.hcl, or AWS_REGION")
	case isCredentials(code):
		return say("AWS refused the credentials ("+code+")", "Renew them")
	case code == "RequestTimeTooSkewed":
		return say("AWS refused it because the clock of this machine is wrong", "Set the clock")
	case status == http.StatusForbidden:
		return say("it is not allowed to these credentials", "Allow s3:GetObject and s3:PutObject on "+s.arn("/*")+" and s3:ListBucket on "+s.arn("")+" to them")
	case code == "SlowDown" || status == http.StatusTooManyRequests:
		return say("S3 was still throttling when all retries were used", "Try again in a minute")
	case status >= 300:
		return say(fmt.Sprintf("the server answered %d%s", status, inBrackets(code)), "Check the network and the endpoint settings, and try again")
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return say("S3 gave no answer in time", "Check the network and the endpoint settings, and try again")
	}
	return say("S3 could not be reached", "Check the network and the endpoint settings, and try again")
}

func inBrackets(code string) string {
	if code == "" {
		return ""
	}
	return " (" + code + ")"
}

// arn names the objects of the store, or its bucket.
func (s *S3) arn(objects string) string {
	if objects != "" && s.bucket.Prefix != "" {
		objects = "/" + s.bucket.Prefix + objects
	}
	return "arn:aws:s3:::" + s.bucket.Name + objects
}

// moved reports whether another region than the one asked has the bucket.
func moved(status int, code string) bool {
	return status == http.StatusMovedPermanently || status == http.StatusTemporaryRedirect ||
		code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" || code == "IllegalLocationConstraintException"
}

// region is the region S3 says a bucket is in, if it does.
func region(err error) string {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil {
		if r := answer.Response.Header.Get("X-Amz-Bucket-Region"); r != "" {
			return ": " + r
		}
	}
	return ""
}

// isCredentials reports whether a refusal is about who asks, not about what
// they may do (S3 API Reference, "Error responses").
func isCredentials(code string) bool {
	switch code {
	case "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId", "RequestExpired":
		return true
	}
	return false
}

// statusOf is the HTTP status of an error, zero if nobody answered.
func statusOf(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// codeOf is the service's code of an error, empty if no service answered.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != "UnknownError" {
		return api.ErrorCode()
	}
	return ""
}

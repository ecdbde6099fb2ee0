package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/holdfast-gate/holdfast/gate"
)

// explain turns the error of a call, "ec2:DescribeInstances", into a problem
// and one sentence. The service's own message is quoted only where it can hold
// no credentials: the one about a wrong signature repeats the session token.
func explain(ctx context.Context, call, region string, err error) fault {
	at := call + " in " + region
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return interrupted(ctx, at)
	}
	code, message := "", ""
	var api smithy.APIError
	if errors.As(err, &api) {
		code, message = api.ErrorCode(), api.ErrorMessage()
	}
	var none noAnswer
	switch status := statusOf(err); {
	case errors.Is(err, errSamePage):
		return fault{gate.ProblemPartial, at + " gave the same page twice, so not all of it could be read: try again"}
	case errors.As(err, &none):
		return fault{gate.ProblemFailed, fmt.Sprintf("%s got no answer of AWS (%s): check the network and the endpoint settings", at, none.what)}
	case status == http.StatusTooManyRequests:
		return fault{gate.ProblemThrottled, fmt.Sprintf("%s was still throttled when all retries were used: try again in a minute", at)}
	case status != 0 && (code == "" || code == "UnknownError"):
		return fault{gate.ProblemFailed, fmt.Sprintf("%s got no answer of AWS (HTTP status %d): check the network and the endpoint settings", at, status)}
	case code == "RequestTimeTooSkewed":
		return fault{gate.ProblemFailed, at + " was refused because the clock of this machine is wrong: set the clock"}
	}
	switch problemOf(code) {
	case gate.ProblemDenied:
		return fault{gate.ProblemDenied, fmt.Sprintf("%s is not allowed to these credentials (%s): allow %s to them", at, code, call)}
	case gate.ProblemCredentials:
		return fault{gate.ProblemCredentials, fmt.Sprintf("%s refused the credentials (%s): renew them", at, code)}
	case gate.ProblemThrottled:
		return fault{gate.ProblemThrottled, fmt.Sprintf("%s was still throttled when all retries were used: try again in a minute", at)}
	}
	if code == "" {
		return fault{gate.ProblemFailed, at + " could not be reached: check the network and the endpoint settings"}
	}
	return fault{gate.ProblemFailed, fmt.Sprintf("%s failed (%s%s): try again", at, code, quoted(message))}
}

// interrupted is the fault of a read that the context ended.
func interrupted(ctx context.Context, what string) fault {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fault{gate.ProblemFailed, what + " was interrupted"}
	}
	return fault{gate.ProblemTimeout, what + " gave no answer by the deadline: check the network and try again"}
}

// problemOf sorts an error by its code. Codes of one meaning differ from
// service to service (aws-semantics 3.3; EC2 API, "Common client error codes").
func problemOf(code string) gate.Problem {
	switch code {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess", "NotAuthorized", "OptInRequired":
		return gate.ProblemDenied
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException",
		"AuthFailure", "InvalidAccessKeyId", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
		"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "TokenRefreshRequired":
		return gate.ProblemCredentials
	}
	if _, ok := retry.DefaultThrottleErrorCodes[code]; ok {
		return gate.ProblemThrottled
	}
	return gate.ProblemFailed
}

// quoted is a service's message as a part of our sentence: one line, not long.
func quoted(message string) string {
	message = strings.Join(strings.Fields(message), " ")
	if message == "" {
		return ""
	}
	if r := []rune(message); len(r) > 160 {
		message = string(r[:160]) + "…"
	}
	return ": " + strings.TrimSuffix(message, ".")
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
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAnswer bounds what is read of one answer. A full page of instances is a
// few megabytes.
const maxAnswer = 64 << 20

// noAnswer is what came instead of the answer to a call. The SDK takes a body
// that is empty, a web page or the answer of another call for an answer that
// lists nothing, and nothing is what a gate must never read by mistake.
type noAnswer struct{ what string }

func (e noAnswer) Error() string { return "no answer of AWS: " + e.what }

// RetryableError lets the SDK ask again.
func (noAnswer) RetryableError() bool { return true }

// A wholeness says whether a body is, from its beginning to its end, the answer
// to an action; each protocol of AWS has its own.
type wholeness func(body []byte, action string) error

// checked lets through only whole answers of the call that was made. It stands
// next to the transport, before anything is decoded.
func checked(whole wholeness) func(*middleware.Stack) error {
	return func(s *middleware.Stack) error {
		check := middleware.DeserializeMiddlewareFunc("HoldfastChecked", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (out middleware.DeserializeOutput, m middleware.Metadata, err error) {
			out, m, err = next.HandleDeserialize(ctx, in)
			response, ok := out.RawResponse.(*smithyhttp.Response)
			// An error says by itself that there is nothing to read.
			if err != nil || !ok || response.StatusCode < http.StatusOK || response.StatusCode >= http.StatusMultipleChoices {
				return out, m, err
			}
			body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
			if closing := response.Body.Close(); err == nil {
				err = closing
			}
			switch {
			case ctx.Err() != nil:
				return out, m, ctx.Err()
			case err != nil:
				return out, m, noAnswer{"the connection broke in the middle of it"}
			}
			response.Body = io.NopCloser(bytes.NewReader(body))
			return out, m, whole(body, middleware.GetOperationName(ctx))
		})
		return s.Deserialize.Add(check, middleware.After)
	}
}

// wholeJSON checks that a body is one JSON object and nothing more, what every
// service of the JSON and REST-JSON protocols answers with.
func wholeJSON(body []byte, _ string) error {
	if trimmed := bytes.TrimSpace(body); !json.Valid(trimmed) || trimmed[0] != '{' {
		return noAnswer{"no whole JSON object"}
	}
	return nil
}

// wholeJSONWith checks that a body is one JSON object and has what the answer to
// that action always has, be it an empty list: else any object is an answer that
// lists nothing.
func wholeJSONWith(always map[string]string) wholeness {
	return func(body []byte, action string) error {
		if err := wholeJSON(body, action); err != nil {
			return err
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			return noAnswer{"no whole JSON object"}
		}
		if has := string(fields[always[action]]); has == "" || has == "null" {
			return noAnswer{"it has no " + always[action]}
		}
		return nil
	}
}

// wholeQuery checks that a body is, from its first element to its end, what every
// service of the Query protocol answers an action with: <ActionResponse>.
func wholeQuery(body []byte, action string) error {
	want := action + "Response"
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return noAnswer{"it is empty, or no XML"}
		case err != nil:
			return noAnswer{"it is no XML"}
		}
		root, ok := token.(xml.StartElement)
		switch {
		case !ok:
			continue
		case root.Name.Local != want:
			return noAnswer{fmt.Sprintf("it is a %.40q", root.Name.Local)}
		case len(body) > maxAnswer || !bytes.HasSuffix(bytes.TrimSpace(body), []byte("</"+want+">")):
			return noAnswer{"its end is missing"}
		}
		return nil
	}
}

// wholeXML checks that a body is, from its first element to its end, one
// document of S3's protocol, whose root depends on the call.
func wholeXML(body []byte, action string) error {
	want := map[string]string{
		"GetBucketLifecycleConfiguration": "LifecycleConfiguration", "GetBucketVersioning": "VersioningConfiguration", "GetBucketReplication": "ReplicationConfiguration",
		"GetObjectLockConfiguration": "ObjectLockConfiguration", "ListBuckets": "ListAllMyBucketsResult", "ListObjectsV2": "ListBucketResult", "ListObjectVersions": "ListVersionsResult",
	}[action]
	d := xml.NewDecoder(bytes.NewReader(body))
	depth, root := 0, ""
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && root == want && depth == 0:
			return nil
		case errors.Is(err, io.EOF):
			return noAnswer{"it is empty, or no XML"}
		case err != nil:
			return noAnswer{"it is no whole XML"}
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth++; root == "" {
				root = e.Name.Local
			}
			if root != want {
				return noAnswer{fmt.Sprintf("it is a %.40q", root)}
			}
		case xml.EndElement:
			depth--
		}
	}
}

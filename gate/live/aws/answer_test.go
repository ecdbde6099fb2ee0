package aws

import (
	"errors"
	"testing"
)

// The SDK takes each of the bad ones for an answer that lists nothing.
func TestWhole(t *testing.T) {
	good := map[string]string{
		"flat":        `<?xml version="1.0"?><DescribeThingsResponse xmlns="http://x/"><set/></DescribeThingsResponse>`,
		"last spaces": "<DescribeThingsResponse><DescribeThingsResult/></DescribeThingsResponse>\n",
	}
	for name, body := range good {
		if err := wholeQuery([]byte(body), "DescribeThings"); err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
		}
	}
	bad := map[string]string{
		"empty":          "",
		"prolog":         `<?xml version="1.0"?>`,
		"json":           `{"set":[]}`,
		"half of a tag":  "<DescribeThi",
		"web page":       "<!DOCTYPE html><html><body>Sign in.</body></html>",
		"another action": "<DescribeOthersResponse><set/></DescribeOthersResponse>",
		"an error":       "<Response><Errors/></Response>",
		"cut":            "<DescribeThingsResponse><set><item>",
		"cut at the end": "<DescribeThingsResponse><set/></DescribeThings",
	}
	for name, body := range bad {
		var none noAnswer
		if err := wholeQuery([]byte(body), "DescribeThings"); !errors.As(err, &none) || none.what == "" || !none.RetryableError() {
			t.Errorf("%s: got %v, want no answer, and to ask again", name, err)
		}
	}
}

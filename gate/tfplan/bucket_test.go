package tfplan

import "testing"

// A new bucket has no name yet; what its rules refer to says that it is new.
// Nothing is said where the expression may yield another one.
func TestBucketOf(t *testing.T) {
	for _, tc := range []struct{ expressions, want string }{
		{`{"bucket":{"references":["aws_s3_bucket.a.id","aws_s3_bucket.a"]}}`, "aws_s3_bucket.a"},
		{`{"bucket":{"references":["aws_s3_bucket.a[0].id","aws_s3_bucket.a[0]","aws_s3_bucket.a"]}}`, "aws_s3_bucket.a"},
		{`{"bucket":{"references":["aws_s3_bucket.a","each.key"]}}`, "aws_s3_bucket.a"},
		{`{"bucket":{"references":["aws_s3_bucket.a.id","aws_s3_bucket.a","aws_s3_bucket.b.id","aws_s3_bucket.b"]}}`, ""},
		{`{"bucket":{"references":["var.name","aws_s3_bucket.a.id"]}}`, ""},
		{`{"bucket":{"references":["data.aws_s3_bucket.a.id"]}}`, ""},
		{`{"bucket":{"references":["aws_s3_bucket.a.tags"]}}`, ""},
		{`{"bucket":{"constant_value":"x"}}`, ""},
		{`{"bucket":[{}]}`, ""},
		{`null`, ""},
	} {
		if got := bucketOf([]byte(tc.expressions)); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.expressions, got, tc.want)
		}
	}
}

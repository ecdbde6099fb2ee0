package provider

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Between Terraform's values and the SDK's. What is null or unknown is nil:
// the request leaves it out and AWS decides.

func known(s types.String) *string {
	if s.ValueString() == "" {
		return nil
	}
	return s.ValueStringPointer()
}

func int32Of(n types.Int64) *int32 {
	if n.IsNull() || n.IsUnknown() {
		return nil
	}
	return aws.Int32(int32(n.ValueInt64()))
}

func number(n *int32) types.Int64 {
	if n == nil {
		return types.Int64Null()
	}
	return types.Int64Value(int64(*n))
}

func members(s types.Set) []string { return strs(s.Elements()) }

func elements(l types.List) []string { return strs(l.Elements()) }

func strs(values []attr.Value) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.(types.String).ValueString())
	}
	return out
}

// joined is how the API takes subnets: one string with commas.
func joined(s types.Set) *string {
	if len(s.Elements()) == 0 {
		return nil
	}
	return aws.String(strings.Join(members(s), ","))
}

func set(values []string) types.Set {
	out := []attr.Value{}
	for _, v := range values {
		out = append(out, types.StringValue(v))
	}
	return types.SetValueMust(types.StringType, out)
}

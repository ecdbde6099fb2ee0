package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// texts returns the strings of a map; an unknown or null map has none.
func texts(m types.Map) map[string]string {
	out := map[string]string{}
	for k, v := range m.Elements() {
		if s, ok := v.(types.String); ok && !s.IsUnknown() {
			out[k] = s.ValueString()
		}
	}
	return out
}

// textMap is the opposite of texts.
func textMap(m map[string]string) types.Map {
	elements := map[string]attr.Value{}
	for k, v := range m {
		elements[k] = types.StringValue(v)
	}
	return types.MapValueMust(types.StringType, elements)
}

// liveTags returns the tags Terraform may manage: AWS's own, "aws:...", are
// not among them.
func liveTags(tags []ec2types.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		if k := aws.ToString(t.Key); len(k) < 4 || k[:4] != "aws:" {
			out[k] = aws.ToString(t.Value)
		}
	}
	return out
}

// readTags turns live tags into the attributes tags and tags_all. Where the
// configuration has no tags and there are none, tags stays null.
func readTags(before types.Map, live map[string]string) (tags, all types.Map) {
	if len(live) == 0 && before.IsNull() {
		return types.MapNull(types.StringType), textMap(live)
	}
	return textMap(live), textMap(live)
}

func ec2Tags(m map[string]string) []ec2types.Tag {
	var out []ec2types.Tag
	for k, v := range m {
		out = append(out, ec2types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return out
}

// tagSpec says which tags a new object is made with; nil for none.
func tagSpec(kind ec2types.ResourceType, m map[string]string) []ec2types.TagSpecification {
	if len(m) == 0 {
		return nil
	}
	return []ec2types.TagSpecification{{ResourceType: kind, Tags: ec2Tags(m)}}
}

// retag makes the tags of an EC2 object what they should be.
func (c *clients) retag(ctx context.Context, id string, before, after map[string]string) error {
	var gone []ec2types.Tag
	for k := range before {
		if _, kept := after[k]; !kept {
			gone = append(gone, ec2types.Tag{Key: aws.String(k)})
		}
	}
	if len(gone) > 0 {
		if _, err := c.ec2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{id}, Tags: gone}); err != nil {
			return err
		}
	}
	set := map[string]string{}
	for k, v := range after {
		if old, had := before[k]; !had || old != v {
			set[k] = v
		}
	}
	if len(set) == 0 {
		return nil
	}
	_, err := c.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: ec2Tags(set)})
	return err
}

// Package provider is a small Terraform provider that stands in for
// hashicorp/aws in the tests and the demo: its resources have the names, the
// attributes and the refresh behaviour of the real ones, and it talks to any
// AWS endpoint. It is test equipment: it knows a few resource types, nothing of
// credentials chains, and must never be pointed at a real account.
package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// awsProvider is the provider. It is served by another process than terraform,
// so terraform's environment does not reach it: what hashicorp/aws would take
// from AWS_ENDPOINT_URL is handed to it when it is served.
type awsProvider struct {
	endpoint string // where the provider block names none
}

// settings is the provider block. The names are those of hashicorp/aws, so
// that the same files work with both; the skip flags mean nothing here.
type settings struct {
	Region     types.String `tfsdk:"region"`
	AccessKey  types.String `tfsdk:"access_key"`
	SecretKey  types.String `tfsdk:"secret_key"`
	SkipCreds  types.Bool   `tfsdk:"skip_credentials_validation"`
	SkipID     types.Bool   `tfsdk:"skip_requesting_account_id"`
	SkipIMDS   types.Bool   `tfsdk:"skip_metadata_api_check"`
	SkipRegion types.Bool   `tfsdk:"skip_region_validation"`
	Endpoints  []endpoints  `tfsdk:"endpoints"`
}

type endpoints struct {
	EC2         types.String `tfsdk:"ec2"`
	AutoScaling types.String `tfsdk:"autoscaling"`
	STS         types.String `tfsdk:"sts"`
	ELBv2       types.String `tfsdk:"elbv2"`
}

// clients is what the resources need to do their work.
type clients struct {
	region  string
	account string
	ec2     *ec2.Client
	groups  *autoscaling.Client
	tables  *dynamodb.Client
	lambda  *lambda.Client
	s3      *s3.Client

	databases *rds.Client
	caches    *elasticache.Client
	balancers *elb.Client
}

func (*awsProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "aws"
	resp.Version = "0.0.0-test"
}

func (*awsProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	text, flag := schema.StringAttribute{Optional: true}, schema.BoolAttribute{Optional: true}
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"region":                      text,
			"access_key":                  text,
			"secret_key":                  schema.StringAttribute{Optional: true, Sensitive: true},
			"skip_credentials_validation": flag,
			"skip_requesting_account_id":  flag,
			"skip_metadata_api_check":     flag,
			"skip_region_validation":      flag,
		},
		Blocks: map[string]schema.Block{
			"endpoints": schema.SetNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{"ec2": text, "autoscaling": text, "sts": text, "elbv2": text},
			}},
		},
	}
}

// Configure makes the clients. Without an endpoint it refuses: the default
// would be the real AWS.
func (p *awsProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var s settings
	resp.Diagnostics.Append(req.Config.Get(ctx, &s)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var ends endpoints
	for _, e := range s.Endpoints {
		ends = e
	}
	ec2URL := first(ends.EC2.ValueString(), p.endpoint)
	groupsURL := first(ends.AutoScaling.ValueString(), p.endpoint)
	stsURL := first(ends.STS.ValueString(), p.endpoint)
	if ec2URL == "" || groupsURL == "" || stsURL == "" {
		resp.Diagnostics.AddError("No endpoint", "This is holdfast's test provider: it must be told an endpoint and must not be used with a real account.")
		return
	}
	config := aws.Config{
		Region: s.Region.ValueString(),
		Credentials: credentials.NewStaticCredentialsProvider(
			first(s.AccessKey.ValueString(), "test"), first(s.SecretKey.ValueString(), "test"), ""),
		HTTPClient: awshttp.NewBuildableClient(),
	}
	if config.Region == "" {
		resp.Diagnostics.AddError("Invalid provider configuration", "No region: set region in the provider block.")
		return
	}
	who, err := sts.NewFromConfig(config, func(o *sts.Options) { o.BaseEndpoint = &stsURL }).GetCallerIdentity(ctx, nil)
	if err != nil {
		resp.Diagnostics.AddError("validating provider credentials", err.Error())
		return
	}
	all := &clients{
		region:  config.Region,
		account: aws.ToString(who.Account),
		ec2:     ec2.NewFromConfig(config, func(o *ec2.Options) { o.BaseEndpoint = &ec2URL }),
		groups:  autoscaling.NewFromConfig(config, func(o *autoscaling.Options) { o.BaseEndpoint = &groupsURL }),
		tables:  dynamodb.NewFromConfig(config, func(o *dynamodb.Options) { o.BaseEndpoint = &ec2URL }),
		lambda:  lambda.NewFromConfig(config, func(o *lambda.Options) { o.BaseEndpoint = &ec2URL }),
		s3: s3.NewFromConfig(config, func(o *s3.Options) {
			o.BaseEndpoint, o.UsePathStyle = &ec2URL, true
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		}),

		databases: rds.NewFromConfig(config, func(o *rds.Options) { o.BaseEndpoint = &ec2URL }),
		caches:    elasticache.NewFromConfig(config, func(o *elasticache.Options) { o.BaseEndpoint = &ec2URL }),
		balancers: elb.NewFromConfig(config, func(o *elb.Options) { o.BaseEndpoint = aws.String(first(ends.ELBv2.ValueString(), p.endpoint)) }),
	}
	resp.ResourceData, resp.ActionData = all, all
}

func (*awsProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &instanceResource{} },
		func() resource.Resource { return &launchTemplateResource{} },
		func() resource.Resource { return &launchConfigurationResource{} },
		func() resource.Resource { return &groupResource{} },
		func() resource.Resource { return &targetAttachmentResource{} },
		func() resource.Resource { return &volumeResource{} },
		func() resource.Resource { return &attachmentResource{} },
		func() resource.Resource { return &tableResource{} },
		func() resource.Resource { return &mappingResource{} },
		func() resource.Resource { return &bucketResource{} },
		func() resource.Resource { return &lifecycleResource{} },
		func() resource.Resource { return &databaseResource{} },
		func() resource.Resource { return &cacheGroupResource{} },
		func() resource.Resource { return &cacheClusterResource{} },
		func() resource.Resource { return &cacheGlobalResource{} },
	}
}

func (*awsProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{func() action.Action { return &stopAction{} }}
}

func (*awsProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

// base is what every resource shares: the clients.
type base struct{ *clients }

func (b *base) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	// Terraform validates before it configures; then there is nothing yet.
	b.clients, _ = req.ProviderData.(*clients)
}

// first returns the first value that is not empty.
func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// mappingResource is aws_lambda_event_source_mapping.
type mappingResource struct{ base }

type mapping struct {
	ID       types.String `tfsdk:"id"`
	UUID     types.String `tfsdk:"uuid"`
	Source   types.String `tfsdk:"event_source_arn"`
	Function types.String `tfsdk:"function_name"`
	ARN      types.String `tfsdk:"function_arn"`
	Enabled  types.Bool   `tfsdk:"enabled"`
	Start    types.String `tfsdk:"starting_position"`
	State    types.String `tfsdk:"state"`
}

func (*mappingResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_lambda_event_source_mapping"
}

func (*mappingResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":                computedText(),
		"uuid":              computedText(),
		"event_source_arn":  forcesNew(schema.StringAttribute{Optional: true}),
		"function_name":     schema.StringAttribute{Required: true},
		"function_arn":      computedText(),
		"enabled":           schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true)},
		"starting_position": forcesNew(schema.StringAttribute{Optional: true}),
		"state":             schema.StringAttribute{Computed: true},
	}}
}

func (r *mappingResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan mapping
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	out, err := r.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		EventSourceArn: plan.Source.ValueStringPointer(), FunctionName: plan.Function.ValueStringPointer(), Enabled: plan.Enabled.ValueBoolPointer(),
		StartingPosition: lambdatypes.EventSourcePosition(plan.Start.ValueString()),
	})
	if err == nil {
		plan.ID = types.StringPointerValue(out.UUID)
		err = r.settle(ctx, &plan)
	}
	if err != nil {
		resp.Diagnostics.AddError("creating Lambda Event Source Mapping ("+plan.Function.ValueString()+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *mappingResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state mapping
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	_, err := r.read(ctx, &state)
	switch {
	case isCode(err, "ResourceNotFoundException"):
		resp.State.RemoveResource(ctx)
	case err != nil:
		resp.Diagnostics.AddError("reading Lambda Event Source Mapping ("+state.ID.ValueString()+")", err.Error())
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

func (r *mappingResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan mapping
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	_, err := r.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: plan.ID.ValueStringPointer(), FunctionName: plan.Function.ValueStringPointer(), Enabled: plan.Enabled.ValueBoolPointer()})
	if err == nil {
		err = r.settle(ctx, &plan)
	}
	if err != nil {
		resp.Diagnostics.AddError("updating Lambda Event Source Mapping ("+plan.ID.ValueString()+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *mappingResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state mapping
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	_, err := r.lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: state.ID.ValueStringPointer()})
	if err == nil {
		err = wait(ctx, "the end of mapping "+state.ID.ValueString(), func(ctx context.Context) (bool, error) {
			_, err := r.read(ctx, &state)
			if isCode(err, "ResourceNotFoundException") {
				return true, nil
			}
			return false, err
		})
	}
	if err != nil && !isCode(err, "ResourceNotFoundException") {
		resp.Diagnostics.AddError("deleting Lambda Event Source Mapping ("+state.ID.ValueString()+")", err.Error())
	}
}

// settle waits until a mapping is what it is to be.
func (r *mappingResource) settle(ctx context.Context, m *mapping) error {
	want := m.Enabled.ValueBool()
	return wait(ctx, "mapping "+m.ID.ValueString(), func(ctx context.Context) (bool, error) {
		state, err := r.read(ctx, m)
		return state == map[bool]string{true: "Enabled", false: "Disabled"}[want], err
	})
}

// read fills in what AWS says of a mapping; the name of its function stays as
// the configuration has it.
func (r *mappingResource) read(ctx context.Context, m *mapping) (state string, err error) {
	out, err := r.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: m.ID.ValueStringPointer()})
	if err != nil {
		return "", err
	}
	state = aws.ToString(out.State)
	m.UUID, m.Source, m.ARN, m.State = m.ID, types.StringPointerValue(out.EventSourceArn), types.StringPointerValue(out.FunctionArn), types.StringValue(state)
	if state == "Enabled" || state == "Disabled" {
		m.Enabled = types.BoolValue(state == "Enabled")
	}
	return state, nil
}

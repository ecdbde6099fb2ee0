package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// identity is what names an instance to Terraform since 1.12, beside its state.
// The attributes are those of hashicorp/aws 6; Terraform before 1.12 never asks
// for them.
type identity struct {
	Account types.String `tfsdk:"account_id"`
	Region  types.String `tfsdk:"region"`
	ID      types.String `tfsdk:"id"`
}

func (*instanceResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"account_id": identityschema.StringAttribute{OptionalForImport: true},
		"region":     identityschema.StringAttribute{OptionalForImport: true},
		"id":         identityschema.StringAttribute{RequiredForImport: true},
	}}
}

// identify sets the identity of the instance with an id. The framework demands
// it of every answer, that an instance is gone included.
func (r *instanceResource) identify(ctx context.Context, id string, is *tfsdk.ResourceIdentity) diag.Diagnostics {
	return is.Set(ctx, &identity{types.StringValue(r.account), types.StringValue(r.region), types.StringValue(id)})
}

package aws

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/holdfast-gate/holdfast/gate"
)

// readIdentity asks whose credentials these are. Everybody may ask that
// (aws-semantics 6), so a failure here is about the credentials themselves.
func (r *reading) readIdentity(ctx context.Context) {
	out, err := r.clients.sts().GetCallerIdentity(r.identity.ctx(ctx), &sts.GetCallerIdentityInput{})
	if err != nil {
		r.identity.fail(explain(ctx, "sts:GetCallerIdentity", r.region, err))
		return
	}
	r.account, r.caller = sdk.ToString(out.Account), sdk.ToString(out.Arn)
	// An answer without an account proves nothing about where we are.
	if r.account == "" {
		r.identity.fail(fault{gate.ProblemFailed, "sts:GetCallerIdentity in " + r.region + " named no account"})
	}
}

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	testinterface "github.com/mitchellh/go-testing-interface"
)

// The addresses under which terraform and tofu look for hashicorp/aws.
const (
	terraformAddress = "registry.terraform.io/hashicorp/aws"
	tofuAddress      = "registry.opentofu.org/hashicorp/aws"
)

// startTimeout bounds the wait for the provider to listen, which takes
// milliseconds.
const startTimeout = 10 * time.Second

// Serve serves the provider in this process until the context ends and returns
// the value of TF_REATTACH_PROVIDERS that makes terraform and tofu use it in
// place of hashicorp/aws. Its requests go to endpoint unless the provider block
// says otherwise. A server keeps the configuration it was last given, so
// terraform runs against different endpoints at the same time need one each.
func Serve(ctx context.Context, endpoint string) (reattach string, err error) {
	// Sent to once, after startTimeout perhaps to nobody: hence the buffer.
	attach := make(chan *plugin.ReattachConfig, 1)
	closed := make(chan struct{})
	go func() {
		// Serve answers through the channel; in this mode its error is always nil.
		_ = tf5server.Serve(terraformAddress, providerserver.NewProtocol5(&awsProvider{endpoint: endpoint}),
			tf5server.WithDebug(ctx, attach, closed),
			// Terraform filters what a provider logs by TF_LOG, but a provider it did
			// not start has no way to it: this sink filters in its place.
			tf5server.WithLoggingSink(&testinterface.RuntimeT{}),
			tf5server.WithGoPluginLogger(hclog.New(&hclog.LoggerOptions{Output: io.Discard})))
	}()
	select {
	case c := <-attach:
		return reattachValue(c)
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(startTimeout):
		return "", errors.New("the test provider did not start")
	}
}

// reattachValue writes c as terraform reads it, under both addresses.
func reattachValue(c *plugin.ReattachConfig) (string, error) {
	type addr struct{ Network, String string }
	type config struct {
		Protocol        string
		ProtocolVersion int
		Pid             int
		Test            bool
		Addr            addr
	}
	v := config{
		Protocol: string(c.Protocol), ProtocolVersion: c.ProtocolVersion, Pid: c.Pid, Test: c.Test,
		Addr: addr{c.Addr.Network(), c.Addr.String()},
	}
	text, err := json.Marshal(map[string]config{terraformAddress: v, tofuAddress: v})
	return string(text), err
}

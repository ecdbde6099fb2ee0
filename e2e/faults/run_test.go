package faults

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
)

// deadline is the collector's own (aws.Options), which no test changes.
const deadline = 2 * time.Minute

// secret stands for what may be in no output; AWS repeats it in some messages.
const secret = "CANARY-SECRET-DO-NOT-PRINT"

// An outcome is how one decision ended.
type outcome struct {
	verdict gate.Verdict
	took    time.Duration
	struck  int    // requests that the fault hit
	calls   int    // requests in all
	known   []call // those that were answered well, each once
	given   []given
}

// run decides once, with the fault between the gate and AWS.
func (c cell) run(t *testing.T) outcome {
	t.Helper()
	var out outcome
	c.serve(t, func(ctx context.Context, p *proxy, load []func(*sdkconfig.LoadOptions) error) {
		began := time.Now()
		wants, err := live.Wants(c.plan, c.promises, gate.Asked(c.plan, checks.Suite()))
		if err != nil {
			t.Errorf("%s: %v", c, err)
			return
		}
		collector := aws.New(ctx, aws.Options{Now: c.now, Load: load})
		in := gate.Input{Now: c.now(), Config: c.promises, Plan: c.plan}
		in.Snapshot = live.ReadTouched(ctx, c.now, collector, wants, live.TouchedBy(in))
		out.took = time.Since(began)
		in.Now = c.now()
		out.verdict = gate.Evaluate(in, checks.Suite())
		p.mu.Lock()
		defer p.mu.Unlock()
		out.struck, out.calls, out.known, out.given = p.struck, p.total, p.calls, p.given
	})
	return out
}

// now is the gate's own clock.
func (c cell) now() time.Time { return c.world.Now().Add(c.skew) }

// serve opens the proxy, in a time of its own, and hands over the settings
// that lead the SDK to it.
func (c cell) serve(t *testing.T, do func(context.Context, *proxy, []func(*sdkconfig.LoadOptions) error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &proxy{world: c.world, past: c.past, clock: c.world.Now, fault: c.fault, at: c.call, mode: c.mode, known: c.scenario.calls}
		wire := newPipes()
		var listener net.Listener = wire
		if c.certificate != nil {
			listener = tls.NewListener(wire, &tls.Config{Certificates: []tls.Certificate{*c.certificate}, MinVersion: tls.VersionTLS12})
		}
		endpoint := "http://aws.test"
		if c.secure {
			endpoint = "https://aws.test"
		}
		server := &http.Server{Handler: p, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Hour}
		ended := make(chan error)
		go func() { ended <- server.Serve(listener) }()
		var transport *http.Transport
		client := awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
			tr.Proxy = nil
			tr.DialContext = func(context.Context, string, string) (net.Conn, error) { return wire.dial() }
			transport = tr
		})
		do(t.Context(), p, []func(*sdkconfig.LoadOptions) error{
			sdkconfig.WithSharedConfigFiles(nil),
			sdkconfig.WithSharedCredentialsFiles(nil),
			sdkconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDTEST", secret, secret)),
			sdkconfig.WithBaseEndpoint(endpoint),
			sdkconfig.WithHTTPClient(client),
			sdkconfig.WithAPIOptions([]func(*middleware.Stack) error{ticks}),
		})
		if transport != nil {
			transport.CloseIdleConnections()
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
}

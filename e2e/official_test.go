//go:build official

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/e2e/tool"
)

// The official layer plays the examples with hashicorp/aws itself. It is run on
// demand, and fails rather than passes where the provider or moto is missing:
//
//	HOLDFAST_PLUGIN_MIRROR=DIR go test -tags official -run Official -parallel 8 -timeout 60m ./e2e
//
// Without a mirror the provider comes from its registry.

func TestOfficialOnSimulator(t *testing.T) {
	t.Parallel()
	playExamples(t, layer{name: "official", sim: true, plays: officially(), install: install, open: func() (*stage.Stage, error) {
		// This provider waits seconds between two looks.
		return official(simulated(10 * time.Second))
	}})
}

// Moto ends and launches instances at once: it carries what is decided by who
// is there, and nothing about members in transition.
func TestOfficialOnMoto(t *testing.T) {
	playExamples(t, layer{name: "moto", plays: officially(), install: install, open: func() (*stage.Stage, error) {
		address, err := moto(t)
		if err != nil {
			return nil, err
		}
		return official(stage.Before(filled(httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address}))))
	}})
}

// officially names what is played with this provider, which takes tens of
// seconds to start and to wait: all shapes of the first incident, and of the
// others the incident itself and the changes like it that are allowed.
func officially() map[string][]string {
	return map[string][]string{
		"parakeet-2018/count":      {"detached", "dying", "gone", "twin-dead-member", "twin-nobody-dying", "twin-residue", "twin-scale-out", "twin-tags"},
		"parakeet-2018/group":      {"t0", "t1", "twin-nobody-dying", "twin-residue", "twin-scale-out", "twin-tags", "twin-waited"},
		"parakeet-2018/two-states": {"dying", "gone", "twin-nobody-dying"},
		"callrail-2019":            {"removed", "twin-empty", "twin-narrowed", "twin-new-prefix", "twin-renamed"},
		"customerio-2018":          {"host", "twin-scale-out", "twin-sick-replaced", "twin-tags"},
		"kustomer-2023":            {"cleanup", "twin-old-table-deleted", "twin-other-table", "twin-replication-ended", "twin-tags"},
	}
}

// Databases take this provider minutes in real time, in which it looks a few
// times only: with each look the clock goes on further.
func TestOfficialDatabases(t *testing.T) {
	t.Parallel()
	plays := map[string][]string{"callrail-2016": {"behind", "only", "twin-ready", "twin-spare", "twin-tags"}}
	playExamples(t, layer{name: "official", sim: true, plays: plays, install: install, open: func() (*stage.Stage, error) {
		return official(simulated(2 * time.Minute))
	}})
}

// filled answers the two questions of a gate that moto does not know: which
// instance refreshes a group has had, and how volumes are. There, none, and ok.
func filled(moto http.Handler) http.Handler {
	const none = `<DescribeInstanceRefreshesResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribeInstanceRefreshesResult><InstanceRefreshes/></DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") == "DescribeInstanceRefreshes" {
			_, _ = io.WriteString(w, none) // if the client is gone there is nobody to tell
			return
		}
		if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") == "DescribeVolumeStatus" {
			_, _ = io.WriteString(w, well(form))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		moto.ServeHTTP(w, r)
	})
}

// well says of the volumes that a request names that they are ok.
func well(form url.Values) string {
	var items strings.Builder
	for i := 1; form.Has(fmt.Sprintf("VolumeId.%d", i)); i++ {
		fmt.Fprintf(&items, "<item><volumeId>%s</volumeId><volumeStatus><status>ok</status></volumeStatus></item>", form.Get(fmt.Sprintf("VolumeId.%d", i)))
	}
	return `<DescribeVolumeStatusResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><volumeStatusSet>` + items.String() + `</volumeStatusSet></DescribeVolumeStatusResponse>`
}

// official lets terraform find hashicorp/aws.
func official(s *stage.Stage, err error) (*stage.Stage, error) {
	if err != nil {
		return nil, err
	}
	return s, s.UseMirror(tool.Mirror())
}

func install(s *stage.Stage, terraform, dir string) error {
	cmd := exec.Command(terraform, "init", "-input=false", "-no-color")
	cmd.Dir, cmd.Env = dir, s.Env()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("THE OFFICIAL LAYER DID NOT RUN: hashicorp/aws is neither in a plugin mirror (%s) nor to be had from its registry: %w\n%s", tool.MirrorVariable, err, out)
	}
	return nil
}

// moto starts moto's server for one script and returns its address.
func moto(t *testing.T) (string, error) {
	port, err := freePort()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("python3", "-m", "moto.server", "-H", "127.0.0.1", "-p", port)
	cmd.Env = append(os.Environ(), "MOTO_ACCOUNT_ID=123456789012")
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("THE MOTO LAYER DID NOT RUN: %w; pip install 'moto[server]'", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		// It may have ended by itself; then there is nothing to end.
		_ = cmd.Process.Kill()
		<-exited
	})
	address := "127.0.0.1:" + port
	deadline := time.After(time.Minute)
	for tick := time.Tick(50 * time.Millisecond); ; {
		select {
		case err := <-exited:
			exited <- err
			return "", fmt.Errorf("THE MOTO LAYER DID NOT RUN: moto's server ended: %w; pip install 'moto[server]'", err)
		case <-deadline:
			return "", fmt.Errorf("THE MOTO LAYER DID NOT RUN: moto's server does not answer on %s", address)
		case <-tick:
			if c, err := net.Dial("tcp", address); err == nil {
				return address, c.Close()
			}
		}
	}
}

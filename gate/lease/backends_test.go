package lease_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/store"
)

// backends opens a store once more for everybody who uses it, as processes do.
func backends(t *testing.T) map[string]func() (lease.Store, error) {
	path := t.TempDir()
	w := awssim.New(time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC))
	w.CreateBucket("us-east-1", "team")
	w.Run(1)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	return map[string]func() (lease.Store, error){
		"directory": func() (lease.Store, error) { return store.NewDirectory(path) },
		"s3":        func() (lease.Store, error) { return store.NewS3(context.Background(), store.Bucket{Name: "team"}) },
	}
}

// Twenty want two clusters, in opposite orders, in a store that is real.
func TestTwentyAtOnce(t *testing.T) {
	for name, open := range backends(t) {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			inside, tokens := 0, map[int64]bool{}
			change := func(by int) {
				mu.Lock()
				defer mu.Unlock()
				if inside += by; inside > 1 {
					t.Error("two hold it at once")
				}
			}
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					s, err := open()
					if err != nil {
						t.Error(err)
						return
					}
					// Whoever finds it taken looks again soon: this is real time.
					k := &lease.Keeper{Store: s, Holder: lease.Holder{ID: fmt.Sprint("run-", i), Actor: "tester"}, Sleep: func(ctx context.Context, d time.Duration) error {
						select {
						case <-time.After(d / 100):
							return nil
						case <-ctx.Done():
							return ctx.Err()
						}
					}}
					clusters := []string{"search", "Web/eu"}
					if i%2 == 0 {
						clusters = []string{"Web/eu", "search"}
					}
					l, err := k.Take(t.Context(), "123456789012", clusters, time.Hour)
					if err != nil {
						t.Error(err)
						return
					}
					change(1)
					if err := l.Check(t.Context()); err != nil {
						t.Error(err)
					}
					mu.Lock()
					if tokens[l.Token("search")] {
						t.Errorf("token %d was given twice", l.Token("search"))
					}
					tokens[l.Token("search")] = true
					mu.Unlock()
					change(-1)
					if err := l.Release(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			s, err := open()
			if err != nil {
				t.Fatal(err)
			}
			list, err := lease.List(t.Context(), s)
			if err != nil || len(list) != 2 || list[0].State != lease.Released || list[0].Token < 20 || list[0].Cluster != "Web/eu" || list[1].Cluster != "search" {
				t.Errorf("in the end: %+v, %v", list, err)
			}
		})
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/store"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// kept is where leases and records are kept. A directory and a bucket can.
type kept interface {
	Read(ctx context.Context, key string) (data []byte, version string, age time.Duration, err error)
	Swap(ctx context.Context, key, version string, data []byte) (next string, err error)
	List(ctx context.Context, prefix string) ([]string, error)
	String() string
}

// store opens the store: that of --store or HOLDFAST_STORE, else that of the
// config, else a directory of the user's own. Nothing is written by opening it.
func (g *global) store(ctx context.Context) (kept, error) {
	at, err := g.storePlace()
	if err != nil {
		return nil, err
	}
	if at.Bucket != "" {
		s, err := store.NewS3(ctx, store.Bucket{Name: at.Bucket, Prefix: at.Prefix, Region: at.Region})
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	d, err := store.NewDirectory(at.Directory)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// storePlace says which store is meant.
func (g *global) storePlace() (gate.Store, error) {
	if g.storeAt != "" {
		return parseStore(g.storeAt)
	}
	cfg, err := g.loadConfig()
	if err != nil {
		return gate.Store{}, err
	}
	if cfg.Store.Bucket != "" || cfg.Store.Directory != "" {
		return cfg.Store, nil
	}
	dir, err := stateDirectory(g.Env)
	return gate.Store{Directory: dir}, err
}

// parseStore reads s3://BUCKET/PREFIX or a directory.
func parseStore(at string) (gate.Store, error) {
	rest, bucket := strings.CutPrefix(at, "s3://")
	name, prefix, _ := strings.Cut(rest, "/")
	switch {
	case bucket && (name == "" || strings.ContainsAny(at, "?#%\\ ") || strings.Contains(prefix, "//")):
		return gate.Store{}, fmt.Errorf("--store %q does not name a bucket\nWrite s3://BUCKET/PREFIX", at)
	case bucket:
		return gate.Store{Bucket: name, Prefix: strings.Trim(prefix, "/")}, nil
	case strings.Contains(at, "://"):
		return gate.Store{}, fmt.Errorf("--store %q is neither a directory nor a bucket\nGive an absolute path, or s3://BUCKET/PREFIX", at)
	case !filepath.IsAbs(at):
		// Fail closed: in every directory it would be another store, which
		// excludes nobody.
		return gate.Store{}, fmt.Errorf("--store %q is not an absolute path, so it would be another store in every directory\nGive an absolute path, or s3://BUCKET/PREFIX", at)
	}
	return gate.Store{Directory: filepath.Clean(at)}, nil
}

// stateDirectory is where a user's programs keep what must outlast them (XDG
// Base Directory Specification, "XDG_STATE_HOME").
func stateDirectory(env []string) (string, error) {
	if dir := terraform.Getenv(env, "XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "holdfast"), nil
	}
	home, state := "HOME", filepath.Join(".local", "state")
	if runtime.GOOS == "windows" {
		home, state = "LocalAppData", ""
	}
	if dir := terraform.Getenv(env, home); filepath.IsAbs(dir) {
		return filepath.Join(dir, state, "holdfast"), nil
	}
	return "", errors.New("there is no place for leases and records: " + home + " is not set\nGive --store with an absolute path, or s3://BUCKET/PREFIX")
}

package config

import (
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/holdfast-gate/holdfast/gate"
)

// data reads what is promised about data stores. One store has one promise: the
// second that names it is a mistake, since only the first would hold.
func (d *decoder) data(blocks hcl.Blocks) []gate.DataPromise {
	d.unique(blocks)
	var out []gate.DataPromise
	named := map[string]hcl.Range{}
	for _, b := range blocks {
		out = append(out, d.promise(b, named))
	}
	return out
}

func (d *decoder) promise(b *hcl.Block, named map[string]hcl.Range) gate.DataPromise {
	p := gate.DataPromise{Name: b.Labels[0]}
	content := d.content(b.Body, only("ids", "addresses", "standbys", "lag", "backup_age", "backups"))
	ids, addresses := content.Attributes["ids"], content.Attributes["addresses"]
	once := func(at hcl.Range, name string) bool {
		if first, twice := named[name]; twice {
			d.fail(at, "Named twice", "%q is named at %s already, and one store has one promise. Remove one of the two.", name, place(first))
			return false
		}
		named[name] = at
		return true
	}
	if ids != nil {
		p.IDs = d.texts(ids, once)
	}
	if addresses != nil {
		p.Addresses = d.texts(addresses, once)
	}
	if ids == nil && addresses == nil {
		d.fail(b.DefRange, "No store", `This block does not say which stores it is about. Write ids = ["orders"], or addresses = ["aws_db_instance.orders"].`)
	}
	if attr := content.Attributes["standbys"]; attr != nil {
		n, _ := d.number(attr, 0)
		p.Standbys = &n
	}
	if attr := content.Attributes["lag"]; attr != nil {
		p.Lag, _ = d.duration(attr, time.Second)
	}
	if attr := content.Attributes["backup_age"]; attr != nil {
		p.BackupAge, _ = d.duration(attr, time.Minute)
	}
	if attr := content.Attributes["backups"]; attr != nil {
		p.Backups = d.texts(attr, d.place)
	}
	return p
}

// place reports whether s is where backups can lie in S3.
func (d *decoder) place(at hcl.Range, s string) bool {
	bucket, prefix, below := strings.Cut(s, "/")
	if !bucketPattern().MatchString(bucket) || strings.Contains(bucket, "..") || below && (prefix == "" || strings.HasPrefix(prefix, "/")) {
		d.fail(at, "Invalid place", `%q is not a place in S3. Write the name of a bucket, or of a bucket and a prefix, like "backups-prod/daily/", without a scheme.`, s)
		return false
	}
	return true
}

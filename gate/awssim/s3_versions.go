package awssim

import (
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// version is one that is no longer current, or a delete marker.
type version struct {
	object
	marker bool
}

// bury takes the current object of a key away as the bucket's versioning has it
// (S3 User Guide, "Deleting object versions"): it is gone, or a delete marker
// hides it.
func (b *bucket) bury(w *World, key string) {
	status := b.versioning()
	o, there := b.objects[key]
	if status == "" {
		delete(b.objects, key)
		return
	}
	if there {
		b.retire(key, o, status)
		delete(b.objects, key)
	}
	marker := version{object{id: "null", at: w.clock.now}, true}
	if status == "Enabled" {
		marker.id = w.uuid("version")
	}
	b.old[key] = slices.Insert(b.old[key], 0, marker)
}

// retire makes a current object a version, unless it is the null version of a
// bucket whose versioning is suspended: that is overwritten.
func (b *bucket) retire(key string, o object, status string) {
	if status == "Suspended" {
		b.old[key] = slices.DeleteFunc(b.old[key], func(v version) bool { return v.id == "null" })
		if o.id == "null" {
			return
		}
	}
	b.old[key] = slices.Insert(b.old[key], 0, version{o, false})
}

// erase deletes one version for good.
func (b *bucket) erase(key, id string) {
	if o, there := b.objects[key]; there && o.id == id {
		delete(b.objects, key)
		if old := b.old[key]; len(old) > 0 && !old[0].marker {
			b.objects[key], b.old[key] = old[0].object, old[1:]
		}
		return
	}
	b.old[key] = slices.DeleteFunc(b.old[key], func(v version) bool { return v.id == id })
}

type versionEntry struct {
	XMLName      xml.Name
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     bool
	LastModified string
	ETag         string `xml:",omitempty"`
	Size         *int64
	StorageClass string `xml:",omitempty"`
}

// versions is one page of a bucket's versions and delete markers, by key, the
// newest first.
func (b *bucket) versions(w *World, p url.Values) (s3Answer, error) {
	size := form(p).num("max-keys", 1000)
	if w.knobs.page > 0 {
		size = min(size, w.knobs.page)
	}
	t, err := readToken(p.Get("version-id-marker"))
	if err != nil {
		return s3Answer{}, &Failure{"InvalidArgument", "Invalid version id specified", http.StatusBadRequest}
	}
	keys := slices.Collect(maps.Keys(b.objects))
	keys = slices.AppendSeq(keys, maps.Keys(b.old))
	slices.Sort(keys)
	var all []versionEntry
	for _, key := range slices.Compact(keys) {
		if !strings.HasPrefix(key, p.Get("prefix")) {
			continue
		}
		o, there := b.objects[key]
		if there {
			all = append(all, entryOf(key, version{o, false}, true))
		}
		for i, v := range b.old[key] {
			all = append(all, entryOf(key, v, !there && i == 0))
		}
	}
	type result struct {
		XMLName             xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
		Name, Prefix        string
		KeyMarker           string
		VersionIDMarker     string `xml:"VersionIdMarker"`
		MaxKeys             int
		IsTruncated         bool
		NextKeyMarker       string `xml:",omitempty"`
		NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
		Entries             []versionEntry
	}
	out := result{Name: p.Get("Bucket"), Prefix: p.Get("prefix"), KeyMarker: p.Get("key-marker"), VersionIDMarker: p.Get("version-id-marker"), MaxKeys: size}
	rest := all[min(t.offset, len(all)):]
	if out.IsTruncated = len(rest) > size; out.IsTruncated {
		rest = rest[:size]
		out.NextKeyMarker, out.NextVersionIDMarker = rest[size-1].Key, token{t.page + 1, t.offset + size}.String()
	}
	out.Entries = rest
	body, err := xml.Marshal(out)
	return s3Answer{http.StatusOK, map[string]string{"Content-Type": "application/xml"}, append([]byte(xml.Header), body...)}, err
}

func entryOf(key string, v version, latest bool) versionEntry {
	e := versionEntry{XMLName: xml.Name{Local: "Version"}, Key: key, VersionID: v.id, IsLatest: latest, LastModified: v.at.UTC().Format("2006-01-02T15:04:05.000Z"), ETag: v.etag, Size: &v.size, StorageClass: v.class}
	if v.marker {
		e.XMLName.Local, e.ETag, e.Size, e.StorageClass = "DeleteMarker", "", nil, ""
	}
	return e
}

// deleteObjects is the call by which a bucket is emptied.
func (b *bucket) deleteObjects(w *World, body []byte) (s3Answer, error) {
	var in struct {
		Object []struct {
			Key string
			ID  string `xml:"VersionId"`
		}
	}
	if err := xml.Unmarshal(body, &in); err != nil {
		return s3Answer{}, &Failure{"MalformedXML", err.Error(), http.StatusBadRequest}
	}
	for _, o := range in.Object {
		if o.ID == "" {
			b.bury(w, o.Key)
		} else {
			b.erase(o.Key, o.ID)
		}
	}
	out, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
	}{})
	return s3Answer{http.StatusOK, map[string]string{"Content-Type": "application/xml"}, out}, err
}

// An Object is one in a bucket, as the console shows it.
type Object struct {
	Key   string
	At    time.Time
	Size  int64
	Class string
}

// Objects are the current objects of a bucket, by key; none if there is no such
// bucket.
func (w *World) Objects(name string) []Object {
	defer w.enter()()
	b := w.buckets[name]
	if b == nil {
		return nil
	}
	var out []Object
	for _, key := range keys(b.objects) {
		o := b.objects[key]
		out = append(out, Object{key, o.at, o.size, o.class})
	}
	return out
}

// FillBucket puts n objects of a size below a prefix, all of them written so
// long ago, as a program of the user's did.
func (w *World) FillBucket(name, prefix string, n int, size int64, age time.Duration) {
	defer w.enter()()
	b := w.buckets[name]
	if b == nil {
		panic("awssim: there is no bucket " + strconv.Quote(name))
	}
	for i := range n {
		o := b.put(w, prefix+strconv.Itoa(100000+i), nil)
		o.size, o.at = size, w.clock.now.Add(-age)
		b.objects[prefix+strconv.Itoa(100000+i)] = o
	}
}

// KeepVersions switches a bucket's versioning on, as a human does it.
func (w *World) KeepVersions(name string) {
	defer w.enter()()
	b := w.buckets[name]
	if b == nil {
		panic("awssim: there is no bucket " + strconv.Quote(name))
	}
	b.settings["versioning"] = []byte("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
}

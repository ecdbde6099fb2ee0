package awssim

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bucket is one bucket with what is in it.
type bucket struct {
	region   string
	made     time.Time
	objects  map[string]object    // the current ones
	old      map[string][]version // by key, the newest first
	settings map[string][]byte    // documents, by what they are called in a query
	minimum  string               // size below which objects are not moved to another class
}

type object struct {
	data  []byte
	size  int64
	etag  string // quoted, as S3 writes it
	id    string // of the version
	class string
	at    time.Time
}

func (w *World) newBucket(name, region string) *bucket {
	b := &bucket{region: region, made: w.clock.now, objects: map[string]object{}, old: map[string][]version{}, settings: map[string][]byte{}}
	w.buckets[name] = b
	return b
}

// CreateBucket makes an empty bucket, as the console does. S3 is spoken to with
// the bucket in the path.
func (w *World) CreateBucket(regionName, name string) {
	defer w.enter()()
	w.newBucket(name, w.region(regionName).name)
}

// PutObject puts an object into a bucket, as the console does; a bucket that is
// not there is made in the default region.
func (w *World) PutObject(name, key string, data []byte) {
	defer w.enter()()
	if w.buckets[name] == nil {
		w.newBucket(name, DefaultRegion)
	}
	w.buckets[name].put(w, key, data)
}

func (b *bucket) put(w *World, key string, data []byte) object {
	sum := md5.Sum(data)
	o := object{data: data, size: int64(len(data)), etag: strconv.Quote(hex.EncodeToString(sum[:])), id: "null", class: "STANDARD", at: w.clock.now}
	status := b.versioning()
	if status == "Enabled" {
		o.id = w.uuid("version")
	}
	if was, there := b.objects[key]; there && status != "" {
		b.retire(key, was, status)
	}
	b.objects[key] = o
	return o
}

// s3Request gives a request of S3's REST protocol the form of the others: the
// name of its action, and as Params its query, what its path names and its
// conditions.
func s3Request(hr *http.Request) (name string, params url.Values) {
	params = hr.URL.Query()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(hr.URL.Path, "/"), "/")
	params.Set("Bucket", bucket)
	params.Set("Key", key)
	params.Set("NextToken", params.Get("continuation-token")+params.Get("version-id-marker"))
	for _, h := range []string{"If-Match", "If-None-Match"} {
		if v := hr.Header.Get(h); v != "" {
			params.Set(h, v)
		}
	}
	of := "Object"
	if key == "" {
		of = "Bucket"
	}
	for query := range params {
		if name, _, _ := settingOf(query); name != "" && key == "" {
			params.Set("Setting", query)
			verb := map[string]string{http.MethodGet: "Get", http.MethodPut: "Put", http.MethodDelete: "Delete"}[hr.Method]
			return verb + name, params
		}
	}
	switch {
	case hr.Method == http.MethodGet && bucket == "":
		return "ListBuckets", params
	case hr.Method == http.MethodGet && key == "" && params.Get("list-type") == "2":
		return "ListObjectsV2", params
	case hr.Method == http.MethodGet && key == "" && params.Has("versions"):
		return "ListObjectVersions", params
	case hr.Method == http.MethodPost && key == "" && params.Has("delete"):
		return "DeleteObjects", params
	case hr.Method == http.MethodPut && key == "":
		return "CreateBucket", params
	case hr.Method == http.MethodGet:
		return "Get" + of, params
	case hr.Method == http.MethodPut:
		return "Put" + of, params
	case hr.Method == http.MethodHead:
		return "Head" + of, params
	case hr.Method == http.MethodDelete:
		return "Delete" + of, params
	}
	return hr.Method + of, params
}

// s3Answer is an answer of S3: bytes with headers, not a document of its own.
type s3Answer struct {
	status int
	header map[string]string
	body   []byte
}

// replyS3 answers a request to S3.
func (w *World) replyS3(rw http.ResponseWriter, hr *http.Request, r *Request) {
	body, err := io.ReadAll(hr.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	a, at := w.serveS3(r, hr, body)
	h := rw.Header()
	h.Set("Date", at.UTC().Format(http.TimeFormat))
	h.Set("x-amz-request-id", requestID)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	for k, v := range a.header {
		h.Set(k, v)
	}
	time.Sleep(breath)
	rw.WriteHeader(a.status)
	if hr.Method != http.MethodHead {
		// An error here means that the client is gone, and nobody is left to tell.
		_, _ = rw.Write(a.body)
	}
}

func (w *World) serveS3(r *Request, hr *http.Request, body []byte) (a s3Answer, at time.Time) {
	defer w.enter()()
	var err error
	defer func() {
		w.record(r, err)
		if err != nil {
			a = s3Fault(r, asFailure(err))
		}
		at = w.clock.now
	}()
	if err = r.failure(w); err != nil {
		return a, at
	}
	b := w.buckets[r.Params.Get("Bucket")]
	switch {
	case r.Action == "ListBuckets":
		a, err = w.listBuckets(r.Params)
	case r.Action == "CreateBucket" && b == nil:
		w.newBucket(r.Params.Get("Bucket"), w.region(r.Region).name)
		a = s3Answer{status: http.StatusOK, header: map[string]string{"Location": "/" + r.Params.Get("Bucket")}}
	case r.Action == "CreateBucket":
		err = &Failure{"BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.", http.StatusConflict}
	case b == nil:
		err = &Failure{"NoSuchBucket", "The specified bucket does not exist", http.StatusNotFound}
	case b.region != r.Region:
		err = &Failure{"PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.", http.StatusMovedPermanently}
	case strings.Contains(hr.Header.Get("Content-Encoding"), "aws-chunked"):
		err = &Failure{"NotImplemented", "A header you provided implies functionality that is not implemented.", http.StatusNotImplemented}
	case r.Action == "DeleteBucket" && len(b.objects)+b.count() > 0:
		err = &Failure{"BucketNotEmpty", "The bucket you tried to delete is not empty", http.StatusConflict}
	case r.Action == "DeleteBucket":
		delete(w.buckets, r.Params.Get("Bucket"))
		a = s3Answer{status: http.StatusNoContent}
	case r.Params.Get("Setting") != "":
		a, err = b.setting(w, hr.Method, r.Params.Get("Setting"), body, hr.Header)
	default:
		a, err = b.serve(w, r, body)
	}
	if err != nil && b != nil {
		r.Params.Set("Region", b.region)
	}
	return a, at
}

// failure is how a request must fail before it is looked at, nil if it need
// not.
func (r *Request) failure(w *World) error {
	if r.Failure != nil {
		return r.Failure
	}
	if f := w.knobs.fault(r); f != nil {
		return f
	}
	return nil
}

func (b *bucket) serve(w *World, r *Request, body []byte) (s3Answer, error) {
	key := r.Params.Get("Key")
	o, there := b.objects[key]
	switch r.Action {
	case "ListObjectsV2":
		return b.list(w, r.Params)
	case "ListObjectVersions":
		return b.versions(w, r.Params)
	case "DeleteObjects":
		return b.deleteObjects(w, body)
	case "HeadBucket":
		return s3Answer{status: http.StatusOK, header: map[string]string{"X-Amz-Bucket-Region": b.region}}, nil
	case "GetObject", "HeadObject":
		if !there {
			return s3Answer{}, noSuchKey()
		}
		return s3Answer{http.StatusOK, o.header(), o.data}, nil
	case "PutObject":
		if err := o.condition(there, r.Params); err != nil {
			return s3Answer{}, err
		}
		return s3Answer{status: http.StatusOK, header: map[string]string{"ETag": b.put(w, key, body).etag}}, nil
	case "DeleteObject":
		if err := o.condition(there, r.Params); err != nil {
			return s3Answer{}, err
		}
		b.bury(w, key)
		return s3Answer{status: http.StatusNoContent}, nil
	}
	return s3Answer{}, &Failure{"MethodNotAllowed", "The specified method is not allowed against this resource.", http.StatusMethodNotAllowed}
}

func (o object) header() map[string]string {
	return map[string]string{"ETag": o.etag, "Last-Modified": o.at.UTC().Format(http.TimeFormat), "Content-Type": "application/octet-stream"}
}

// condition refuses a write whose condition does not hold (S3 User Guide, "How
// to prevent object overwrites with conditional writes").
func (o object) condition(there bool, p url.Values) error {
	failed := &Failure{"PreconditionFailed", "At least one of the pre-conditions you specified did not hold", http.StatusPreconditionFailed}
	match := p.Get("If-Match")
	switch {
	case p.Get("If-None-Match") == "*" && there:
		return failed
	case match != "" && !there:
		return noSuchKey()
	case match != "" && match != "*" && strings.Trim(match, `"`) != strings.Trim(o.etag, `"`):
		return failed
	}
	return nil
}

func noSuchKey() *Failure {
	return &Failure{"NoSuchKey", "The specified key does not exist.", http.StatusNotFound}
}

// list is one page of a bucket's objects: S3 gives up to a thousand, by key.
func (b *bucket) list(w *World, p url.Values) (s3Answer, error) {
	size := form(p).num("max-keys", 1000)
	if w.knobs.page > 0 {
		size = min(size, w.knobs.page)
	}
	t, err := readToken(p.Get("continuation-token"))
	if err != nil {
		return s3Answer{}, &Failure{"InvalidArgument", "The continuation token provided is incorrect", http.StatusBadRequest}
	}
	type entry struct {
		Key, LastModified, ETag string
		Size                    int64
		StorageClass            string
	}
	type result struct {
		XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name, Prefix          string
		KeyCount, MaxKeys     int
		IsTruncated           bool
		ContinuationToken     string  `xml:",omitempty"`
		NextContinuationToken string  `xml:",omitempty"`
		Contents              []entry `xml:",omitempty"`
	}
	out := result{Name: p.Get("Bucket"), Prefix: p.Get("prefix"), MaxKeys: size, ContinuationToken: p.Get("continuation-token")}
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if strings.HasPrefix(key, out.Prefix) {
			keys = append(keys, key)
		}
	}
	keys = keys[min(t.offset, len(keys)):]
	if out.IsTruncated = len(keys) > size; out.IsTruncated {
		keys = keys[:size]
		out.NextContinuationToken = token{t.page + 1, t.offset + size}.String()
	}
	for _, key := range keys {
		o := b.objects[key]
		out.Contents = append(out.Contents, entry{key, o.at.UTC().Format("2006-01-02T15:04:05.000Z"), o.etag, o.size, o.class})
	}
	out.KeyCount = len(keys)
	body, err := xml.Marshal(out)
	return s3Answer{http.StatusOK, map[string]string{"Content-Type": "application/xml"}, append([]byte(xml.Header), body...)}, err
}

// count is how many versions and delete markers there are besides what is
// current.
func (b *bucket) count() int {
	n := 0
	for _, list := range b.old {
		n += len(list)
	}
	return n
}

func (w *World) listBuckets(p url.Values) (s3Answer, error) {
	type entry struct{ Name, CreationDate string }
	type result struct {
		XMLName           xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
		Buckets           []entry  `xml:"Buckets>Bucket"`
		ContinuationToken string   `xml:",omitempty"`
	}
	t, err := readToken(p.Get("continuation-token"))
	if err != nil {
		return s3Answer{}, &Failure{"InvalidArgument", "The continuation token provided is incorrect", http.StatusBadRequest}
	}
	names := keys(w.buckets)
	names = names[min(t.offset, len(names)):]
	var out result
	if size := w.knobs.page; size > 0 && len(names) > size {
		names = names[:size]
		out.ContinuationToken = token{t.page + 1, t.offset + size}.String()
	}
	for _, name := range names {
		out.Buckets = append(out.Buckets, entry{name, w.buckets[name].made.UTC().Format("2006-01-02T15:04:05.000Z")})
	}
	body, err := xml.Marshal(out)
	return s3Answer{http.StatusOK, map[string]string{"Content-Type": "application/xml"}, append([]byte(xml.Header), body...)}, err
}

// s3Fault is an error in S3's shape.
func s3Fault(r *Request, f *Failure) s3Answer {
	a := s3Answer{status: f.Status, header: map[string]string{"Content-Type": "application/xml"}}
	if a.status == 0 {
		a.status = http.StatusBadRequest
	}
	if region := r.Params.Get("Region"); region != "" {
		a.header["X-Amz-Bucket-Region"] = region
	}
	// It is made of strings only, so it cannot fail.
	a.body, _ = xml.Marshal(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
		Key     string `xml:",omitempty"`
		ID      string `xml:"RequestId"`
	}{Code: f.Code, Message: f.Message, Key: r.Params.Get("Key"), ID: requestID})
	return a
}

package awssim

import (
	"encoding/xml"
	"net/http"
)

// settings are what a bucket can be told, by the name S3 has for it in a query,
// and what the SDK calls it.
func settingOf(query string) (name, missing, usual string) {
	const space = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
	switch query {
	case "lifecycle":
		return "BucketLifecycleConfiguration", "NoSuchLifecycleConfiguration", ""
	case "versioning":
		return "BucketVersioning", "", "<VersioningConfiguration" + space + "/>"
	case "replication":
		return "BucketReplication", "ReplicationConfigurationNotFoundError", ""
	case "object-lock":
		return "ObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", ""
	case "policy":
		return "BucketPolicy", "NoSuchBucketPolicy", ""
	case "cors":
		return "BucketCors", "NoSuchCORSConfiguration", ""
	case "website":
		return "BucketWebsite", "NoSuchWebsiteConfiguration", ""
	case "tagging":
		return "BucketTagging", "NoSuchTagSet", ""
	case "encryption":
		return "BucketEncryption", "ServerSideEncryptionConfigurationNotFoundError", ""
	case "logging":
		return "BucketLogging", "", "<BucketLoggingStatus" + space + "/>"
	case "requestPayment":
		return "BucketRequestPayment", "", "<RequestPaymentConfiguration" + space + "><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"
	case "accelerate":
		return "BucketAccelerateConfiguration", "", "<AccelerateConfiguration" + space + "/>"
	case "acl":
		return "BucketAcl", "", "<AccessControlPolicy" + space + "><Owner><ID>owner</ID></Owner><AccessControlList/></AccessControlPolicy>"
	case "location":
		return "BucketLocation", "", "<LocationConstraint" + space + "/>"
	}
	return "", "", ""
}

const minimumSize = "X-Amz-Transition-Default-Minimum-Object-Size"

// setting answers a request about one setting of a bucket. It is kept as it was
// written, and read as it was kept.
func (b *bucket) setting(w *World, method, query string, body []byte, header http.Header) (s3Answer, error) {
	_, missing, usual := settingOf(query)
	switch method {
	case http.MethodPut:
		if err := xml.Unmarshal(body, new(struct{})); err != nil {
			return s3Answer{}, &Failure{"MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", http.StatusBadRequest}
		}
		b.settings[query] = body
		if query == "lifecycle" {
			if b.minimum = header.Get(minimumSize); b.minimum == "" {
				b.minimum = "all_storage_classes_128K"
			}
			w.nightly()
		}
		return b.said(query, s3Answer{status: http.StatusOK}), nil
	case http.MethodDelete:
		delete(b.settings, query)
		return s3Answer{status: http.StatusNoContent}, nil
	}
	kept, ok := b.settings[query]
	switch {
	case ok:
	case missing != "":
		return s3Answer{}, &Failure{missing, "The configuration does not exist", http.StatusNotFound}
	default:
		kept = []byte(usual)
	}
	return b.said(query, s3Answer{http.StatusOK, map[string]string{"Content-Type": "application/xml"}, kept}), nil
}

func (b *bucket) said(query string, a s3Answer) s3Answer {
	if query == "lifecycle" {
		if a.header == nil {
			a.header = map[string]string{}
		}
		a.header[minimumSize] = b.minimum
	}
	return a
}

// versioning is "Enabled", "Suspended" or, where it was never set, empty.
func (b *bucket) versioning() string {
	var v struct{ Status string }
	// What was kept was well-formed; without it there is none.
	_ = xml.Unmarshal(b.settings["versioning"], &v)
	return v.Status
}

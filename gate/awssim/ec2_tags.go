package awssim

import "strings"

// tagsOf returns the tags of any resource of EC2, to be read or changed.
func (r *region) tagsOf(id string) map[string]string {
	if in := r.instances[id]; in != nil {
		return in.tags
	}
	if t := r.templates[id]; t != nil {
		return t.tags
	}
	if r.tags[id] == nil {
		r.tags[id] = map[string]string{}
	}
	return r.tags[id]
}

func createTags(r *request) (any, error) {
	for _, id := range r.strs("ResourceId") {
		for _, tag := range r.list("Tag") {
			r.live.tagsOf(id)[tag.str("Key")] = tag.str("Value")
		}
	}
	return done{true}, nil
}

func deleteTags(r *request) (any, error) {
	for _, id := range r.strs("ResourceId") {
		for _, tag := range r.list("Tag") {
			delete(r.live.tagsOf(id), tag.str("Key"))
		}
	}
	return done{true}, nil
}

type taggedItem struct {
	ID    string `xml:"resourceId"`
	Kind  string `xml:"resourceType"`
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func describeTags(r *request) (any, error) {
	kinds := map[string]string{"i": "instance", "lt": "launch-template", "vol": "volume", "snap": "snapshot"}
	var all []taggedItem
	add := func(id string, tags map[string]string) {
		prefix, _, _ := strings.Cut(id, "-")
		for _, k := range keys(tags) {
			all = append(all, taggedItem{id, orElse(kinds[prefix], prefix), k, tags[k]})
		}
	}
	for _, in := range sorted(r.seen.instances) {
		add(in.id, in.tags)
	}
	for _, t := range sorted(r.seen.templates) {
		add(t.id, t.tags)
	}
	for _, id := range keys(r.seen.tags) {
		if !strings.HasPrefix(id, "arn:") { // those are of other services
			add(id, r.seen.tags[id])
		}
	}
	var kept []taggedItem
	for _, item := range all {
		ok, err := ec2Filters(r, func(name string) ([]string, bool) {
			have, known := map[string]string{"resource-id": item.ID, "resource-type": item.Kind, "key": item.Key, "value": item.Value}[name]
			return []string{have}, known
		})
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, item)
		}
	}
	shown, next, err := page(r, kept, r.num("MaxResults", 0))
	return struct {
		Tags []taggedItem `xml:"tagSet>item"`
		Next string       `xml:"nextToken,omitempty"`
	}{shown, next}, err
}

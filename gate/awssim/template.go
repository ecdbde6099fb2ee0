package awssim

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// template is one launch template with all its versions.
type template struct {
	id, name string
	created  time.Time
	fallback int // the default version
	latest   int
	versions []templateVersion
	tags     map[string]string
	creator  string
}

type templateVersion struct {
	number      int
	description string
	created     time.Time
	data        form // of the request's LaunchTemplateData
}

func (t *template) clone() *template {
	c := *t
	c.versions, c.tags = slices.Clone(t.versions), maps.Clone(t.tags)
	return &c
}

func (w *World) newTemplate(r *region, name string, data form) *template {
	t := &template{
		id: w.id("lt"), name: name, created: w.clock.now, fallback: 1,
		tags: map[string]string{}, creator: "arn:aws:iam::" + w.account + ":user/console",
	}
	t.add(w.clock.now, "", data)
	r.templates[t.id] = t
	return t
}

func (t *template) add(at time.Time, description string, data form) templateVersion {
	t.latest++
	v := templateVersion{number: t.latest, description: description, created: at, data: data}
	t.versions = append(t.versions, v)
	return v
}

// version finds a version by number, "$Latest" or "$Default"; empty is the
// default one.
func (t *template) version(which string) (templateVersion, bool) {
	number := t.fallback
	switch which {
	case "", "$Default":
	case "$Latest":
		number = t.latest
	default:
		number, _ = strconv.Atoi(which)
	}
	i, found := slices.BinarySearchFunc(t.versions, number, func(v templateVersion, n int) int { return cmp.Compare(v.number, n) })
	if !found {
		return templateVersion{}, false
	}
	return t.versions[i], true
}

// template finds a launch template by id or by name.
func (r *region) template(id, name string) *template {
	if id != "" {
		return r.templates[id]
	}
	for _, t := range r.templates {
		if t.name == name {
			return t
		}
	}
	return nil
}

// templateVersion finds what a group launches from; nil if it is not there.
func (r *region) templateVersion(id, which string) (*templateVersion, int) {
	t := r.templates[id]
	if t == nil {
		return nil, 0
	}
	v, ok := t.version(which)
	if !ok {
		return nil, 0
	}
	return &v, v.number
}

// tagSpecification returns the tags that a request gives to resources of a
// kind.
func tagSpecification(f form, kind string) map[string]string {
	tags := map[string]string{}
	for _, spec := range f.list("TagSpecification") {
		if spec.str("ResourceType") != kind {
			continue
		}
		for _, tag := range spec.list("Tag") {
			tags[tag.str("Key")] = tag.str("Value")
		}
	}
	return tags
}

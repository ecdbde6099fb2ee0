package awssim

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

type templateItem struct {
	ID       string    `xml:"launchTemplateId"`
	Name     string    `xml:"launchTemplateName"`
	Created  time.Time `xml:"createTime"`
	Creator  string    `xml:"createdBy"`
	Fallback int       `xml:"defaultVersionNumber"`
	Latest   int       `xml:"latestVersionNumber"`
	Tags     []tagItem `xml:"tagSet>item"`
}

type versionItem struct {
	ID          string       `xml:"launchTemplateId"`
	Name        string       `xml:"launchTemplateName"`
	Number      int          `xml:"versionNumber"`
	Description string       `xml:"versionDescription,omitempty"`
	Created     time.Time    `xml:"createTime"`
	Creator     string       `xml:"createdBy"`
	Default     bool         `xml:"defaultVersion"`
	Data        templateData `xml:"launchTemplateData"`
}

func (t *template) item() templateItem {
	return templateItem{t.id, t.name, t.created, t.creator, t.fallback, t.latest, tagItems(t.tags)}
}

func (t *template) versionItem(v templateVersion) versionItem {
	return versionItem{t.id, t.name, v.number, v.description, v.created, t.creator, v.number == t.fallback, dataOf(v.data)}
}

type oneTemplate struct {
	Template templateItem `xml:"launchTemplate"`
}

func createLaunchTemplate(r *request) (any, error) {
	name := r.str("LaunchTemplateName")
	if r.live.template("", name) != nil {
		return nil, failure("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
	}
	t := r.w.newTemplate(r.live, name, r.sub("LaunchTemplateData"))
	t.versions[0].description = r.str("VersionDescription")
	maps.Copy(t.tags, tagSpecification(r.form, "launch-template"))
	return oneTemplate{t.item()}, nil
}

// namedTemplate finds the launch template that a request names.
func namedTemplate(r *request, in *region) (*template, error) {
	id, name := r.str("LaunchTemplateId"), r.str("LaunchTemplateName")
	if t := in.template(id, name); t != nil {
		return t, nil
	}
	if id != "" {
		return nil, failure("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
	}
	return nil, failure("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name)
}

func createTemplateVersion(r *request) (any, error) {
	t, err := namedTemplate(r, r.live)
	if err != nil {
		return nil, err
	}
	data := form{}
	if from := r.str("SourceVersion"); from != "" {
		source, ok := t.version(from)
		if !ok {
			return nil, noVersion()
		}
		maps.Copy(data, source.data)
	}
	maps.Copy(data, r.sub("LaunchTemplateData"))
	v := t.add(r.w.clock.now, r.str("VersionDescription"), data)
	return struct {
		Version versionItem `xml:"launchTemplateVersion"`
	}{t.versionItem(v)}, nil
}

func noVersion() error {
	return failure("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version.")
}

func modifyLaunchTemplate(r *request) (any, error) {
	t, err := namedTemplate(r, r.live)
	if err != nil {
		return nil, err
	}
	v, ok := t.version(orElse(r.str("SetDefaultVersion"), r.str("DefaultVersion")))
	if !ok {
		return nil, noVersion()
	}
	t.fallback = v.number
	return oneTemplate{t.item()}, nil
}

func deleteLaunchTemplate(r *request) (any, error) {
	t, err := namedTemplate(r, r.live)
	if err != nil {
		return nil, err
	}
	delete(r.live.templates, t.id)
	return oneTemplate{t.item()}, nil
}

func deleteTemplateVersions(r *request) (any, error) {
	t, err := namedTemplate(r, r.live)
	if err != nil {
		return nil, err
	}
	type item struct {
		ID     string `xml:"launchTemplateId"`
		Number int    `xml:"versionNumber"`
	}
	var answer struct {
		Deleted []item `xml:"successfullyDeletedLaunchTemplateVersionSet>item"`
	}
	for _, s := range r.strs("LaunchTemplateVersion") {
		n, _ := strconv.Atoi(s)
		t.versions = slices.DeleteFunc(t.versions, func(v templateVersion) bool { return v.number == n && n != t.fallback })
		answer.Deleted = append(answer.Deleted, item{t.id, n})
	}
	return answer, nil
}

func describeLaunchTemplates(r *request) (any, error) {
	var all []*template
	ids, names := r.strs("LaunchTemplateId"), r.strs("LaunchTemplateName")
	for _, id := range ids {
		if r.seen.templates[id] == nil {
			return nil, failure("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
		}
	}
	for _, t := range sorted(r.seen.templates) {
		if len(ids)+len(names) == 0 || slices.Contains(ids, t.id) || slices.Contains(names, t.name) {
			ok, err := ec2Filters(r, func(name string) ([]string, bool) {
				if name == "launch-template-name" {
					return []string{t.name}, true
				}
				return tagFilter(t.tags, name)
			})
			if err != nil {
				return nil, err
			}
			if ok {
				all = append(all, t)
			}
		}
	}
	if len(names) > 0 && len(all) == 0 {
		return nil, failure("InvalidLaunchTemplateName.NotFoundException", "At least one of the launch templates specified in the request does not exist.")
	}
	shown, next, err := page(r, all, r.num("MaxResults", 200))
	var answer struct {
		Templates []templateItem `xml:"launchTemplates>item"`
		Next      string         `xml:"nextToken,omitempty"`
	}
	answer.Next = next
	for _, t := range shown {
		answer.Templates = append(answer.Templates, t.item())
	}
	return answer, err
}

func describeTemplateVersions(r *request) (any, error) {
	t, err := namedTemplate(r, r.seen)
	if err != nil {
		return nil, err
	}
	var all []versionItem
	if asked := r.strs("LaunchTemplateVersion"); len(asked) > 0 {
		for _, which := range asked {
			v, ok := t.version(which)
			if !ok {
				return nil, noVersion()
			}
			all = append(all, t.versionItem(v))
		}
	} else {
		for _, v := range t.versions {
			all = append(all, t.versionItem(v))
		}
	}
	shown, next, err := page(r, all, r.num("MaxResults", 200))
	return struct {
		Versions []versionItem `xml:"launchTemplateVersionSet>item"`
		Next     string        `xml:"nextToken,omitempty"`
	}{shown, next}, err
}

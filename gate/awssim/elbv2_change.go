package awssim

import "maps"

func createTargetGroup(r *request) (any, error) {
	name := r.str("Name")
	if r.live.targetGroupNamed(name) != nil {
		return nil, failure("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", name)
	}
	t := r.w.newTargetGroup(r.live, name, r.form)
	tags := map[string]string{}
	for _, tag := range r.list("Tags.member") {
		tags[tag.str("Key")] = tag.str("Value")
	}
	r.live.tags[t.arn] = tags
	return oneTargetGroup{[]targetGroupItem{r.w.targetGroupItem(r.live, t)}}, nil
}

type oneTargetGroup struct {
	TargetGroups []targetGroupItem `xml:"TargetGroups>member"`
}

// changeTargets finds the target group that a request names.
func changeTargets(do func(*request, *targetGroup) (any, error)) action {
	return func(r *request) (any, error) {
		t := r.live.targets[r.str("TargetGroupArn")]
		if t == nil {
			return nil, targetGroupNotFound()
		}
		return do(r, t)
	}
}

func deleteTargetGroup(r *request, t *targetGroup) (any, error) {
	delete(r.live.targets, t.arn)
	return empty{}, nil
}

func registerTargets(r *request, t *targetGroup) (any, error) {
	for _, target := range r.list("Targets.member") {
		id := target.str("Id")
		if in := r.live.instances[id]; in == nil || in.state != running {
			return nil, failure("InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'", id)
		}
	}
	for _, target := range r.list("Targets.member") {
		r.w.register(t, target.str("Id"), target.num("Port", 0))
	}
	return empty{}, nil
}

func deregisterTargets(r *request, t *targetGroup) (any, error) {
	for _, target := range r.list("Targets.member") {
		r.w.deregister(t, target.str("Id"), target.num("Port", 0))
	}
	return empty{}, nil
}

type attributeItem struct{ Key, Value string }

type attributesItem struct {
	Attributes []attributeItem `xml:"Attributes>member"`
}

func describeTargetAttributes(r *request, t *targetGroup) (any, error) {
	var answer attributesItem
	for _, k := range keys(t.attributes) {
		answer.Attributes = append(answer.Attributes, attributeItem{k, t.attributes[k]})
	}
	return answer, nil
}

func modifyTargetAttributes(r *request, t *targetGroup) (any, error) {
	for _, a := range r.list("Attributes.member") {
		t.attributes[a.str("Key")] = a.str("Value")
	}
	return describeTargetAttributes(r, t)
}

func modifyTargetGroup(r *request, t *targetGroup) (any, error) {
	settings := form{}
	maps.Copy(settings, t.settings)
	maps.Copy(settings, r.form)
	t.settings = settings
	return oneTargetGroup{[]targetGroupItem{r.w.targetGroupItem(r.live, t)}}, nil
}

func describeELBTags(r *request) (any, error) {
	type tag struct{ Key, Value string }
	type item struct {
		ResourceArn string
		Tags        []tag `xml:"Tags>member"`
	}
	var answer struct {
		Descriptions []item `xml:"TagDescriptions>member"`
	}
	for _, arn := range r.strs("ResourceArns.member") {
		i := item{ResourceArn: arn}
		for _, k := range keys(r.seen.tags[arn]) {
			i.Tags = append(i.Tags, tag{k, r.seen.tags[arn][k]})
		}
		answer.Descriptions = append(answer.Descriptions, i)
	}
	return answer, nil
}

func addELBTags(r *request) (any, error) {
	for _, arn := range r.strs("ResourceArns.member") {
		for _, tag := range r.list("Tags.member") {
			r.live.tagsOf(arn)[tag.str("Key")] = tag.str("Value")
		}
	}
	return empty{}, nil
}

func removeELBTags(r *request) (any, error) {
	for _, arn := range r.strs("ResourceArns.member") {
		for _, key := range r.strs("TagKeys.member") {
			delete(r.live.tagsOf(arn), key)
		}
	}
	return empty{}, nil
}

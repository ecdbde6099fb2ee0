package awssim

type value[T any] struct {
	Value T `xml:"value"`
}

type attributes struct {
	ID          string         `xml:"instanceId"`
	KeepAlive   *value[bool]   `xml:"disableApiTermination"`
	KeepRunning *value[bool]   `xml:"disableApiStop"`
	OnShutdown  *value[string] `xml:"instanceInitiatedShutdownBehavior"`
	UserData    *value[string] `xml:"userData"`
	Type        *value[string] `xml:"instanceType"`
	EBS         *value[bool]   `xml:"ebsOptimized"`
	Check       *value[bool]   `xml:"sourceDestCheck"`
	Groups      []groupItem    `xml:"groupSet>item"`
}

func describeInstanceAttribute(r *request) (any, error) {
	id := r.str("InstanceId")
	if err := missing(r.seen.instances, []string{id}, "InvalidInstanceID.NotFound"); err != nil {
		return nil, err
	}
	in := r.seen.instances[id]
	a := attributes{ID: id}
	switch name := r.str("Attribute"); name {
	case "disableApiTermination":
		a.KeepAlive = &value[bool]{in.keepAlive}
	case "disableApiStop":
		a.KeepRunning = &value[bool]{in.keepRunning}
	case "instanceInitiatedShutdownBehavior":
		a.OnShutdown = &value[string]{in.onShutdown}
	case "userData":
		if in.userData != "" {
			a.UserData = &value[string]{in.userData}
		}
	case "instanceType":
		a.Type = &value[string]{in.kind}
	case "ebsOptimized":
		a.EBS = &value[bool]{in.ebsOptimized}
	case "sourceDestCheck":
		a.Check = &value[bool]{true}
	case "groupSet":
		a.Groups = r.seen.groupItems(in.securityGroups)
	default:
		return nil, failure("InvalidParameterValue", "Value (%s) for parameter attribute is invalid.", name)
	}
	return a, nil
}

func modifyInstanceAttribute(r *request) (any, error) {
	id := r.str("InstanceId")
	if err := missing(r.live.instances, []string{id}, "InvalidInstanceID.NotFound"); err != nil {
		return nil, err
	}
	in := r.live.instances[id]
	if r.has("InstanceType.Value") || r.has("UserData.Value") || r.has("EbsOptimized.Value") {
		if err := wrongState(in, "modified in this way: stop it first", stopped); err != nil {
			return nil, err
		}
	}
	in.kind = orElse(r.str("InstanceType.Value"), in.kind)
	in.userData = orElse(r.str("UserData.Value"), in.userData)
	in.onShutdown = orElse(r.str("InstanceInitiatedShutdownBehavior.Value"), in.onShutdown)
	for key, field := range map[string]*bool{
		"DisableApiTermination.Value": &in.keepAlive,
		"DisableApiStop.Value":        &in.keepRunning,
		"EbsOptimized.Value":          &in.ebsOptimized,
	} {
		if r.has(key) {
			*field = r.flag(key)
		}
	}
	if groups := r.strs("GroupId"); len(groups) > 0 {
		in.securityGroups = groups
	}
	return done{true}, nil
}

func describeCredits(r *request) (any, error) {
	type item struct {
		ID      string `xml:"instanceId"`
		Credits string `xml:"cpuCredits"`
	}
	ids := r.strs("InstanceId")
	if err := missing(r.seen.instances, ids, "InvalidInstanceID.NotFound"); err != nil {
		return nil, err
	}
	var answer struct {
		Items []item `xml:"instanceCreditSpecificationSet>item"`
	}
	for _, id := range ids {
		if burstable(r.seen.instances[id].kind) {
			answer.Items = append(answer.Items, item{id, "unlimited"})
		}
	}
	return answer, nil
}

// monitor turns detailed monitoring of instances on or off.
func monitor(on bool) action {
	return func(r *request) (any, error) {
		list, err := r.named()
		for _, in := range list {
			in.monitored = on
		}
		return empty{}, err
	}
}

// uefiData says that an instance has none.
func uefiData(r *request) (any, error) {
	return struct {
		ID   string `xml:"instanceId"`
		Data string `xml:"uefiData"`
	}{ID: r.str("InstanceId")}, nil
}

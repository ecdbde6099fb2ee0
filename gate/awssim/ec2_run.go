package awssim

import "maps"

// runInstances launches instances. A request repeated with the same client
// token gets the instances of the first one.
func runInstances(r *request) (any, error) {
	if token := r.str("ClientToken"); token != "" {
		if old := r.launchedWith(token); len(old) > 0 {
			return r.reservation(old), nil
		}
	}
	f, id, version, err := r.withTemplate()
	if err != nil {
		return nil, err
	}
	zone := f.str("Placement.AvailabilityZone")
	if subnet := r.subnetAsked(f); subnet != "" {
		if zone = r.live.zoneOf(subnet); zone == "" {
			return nil, failure("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", subnet)
		}
	}
	if f.str("ImageId") == "" {
		return nil, failure("MissingParameter", "The request must contain the parameter ImageId")
	}
	var list []*instance
	for range max(1, r.num("MaxCount", 1)) {
		in := r.w.launch(r.live, InstanceSpec{Zone: zone, Type: f.str("InstanceType"), Image: f.str("ImageId")})
		in.template, in.version, in.launchIndex = id, version, len(list)
		r.fill(in, f)
		if len(list) > 0 {
			in.reservation = list[0].reservation
		}
		list = append(list, in)
	}
	return r.reservation(list), nil
}

// withTemplate returns the parameters of a launch: those of the launch
// template, if one is named, under those of the request itself.
func (r *request) withTemplate() (f form, id string, version int, err error) {
	f = form{}
	if r.anyUnder("LaunchTemplate") {
		t := r.live.template(r.str("LaunchTemplate.LaunchTemplateId"), r.str("LaunchTemplate.LaunchTemplateName"))
		if t == nil {
			return nil, "", 0, failure("InvalidLaunchTemplateId.NotFound", "The specified launch template does not exist.")
		}
		v, ok := t.version(r.str("LaunchTemplate.Version"))
		if !ok {
			return nil, "", 0, failure("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version.")
		}
		maps.Copy(f, v.data)
		id, version = t.id, v.number
	}
	maps.Copy(f, r.form)
	return f, id, version, nil
}

func (r *request) subnetAsked(f form) string {
	return orElse(f.str("SubnetId"), f.str("NetworkInterface.1.SubnetId"))
}

// fill takes over what a launch asks for beyond type, image and place.
func (r *request) fill(in *instance, f form) {
	maps.Copy(in.tags, tagSpecification(f, "instance"))
	if in.template != "" {
		in.tags["aws:ec2launchtemplate:id"] = in.template
		in.tags["aws:ec2launchtemplate:version"] = itoa(in.version)
	}
	if tags := tagSpecification(f, "volume"); len(tags) > 0 {
		r.live.tags[in.volume] = tags
	}
	in.clientToken, in.keyName = f.str("ClientToken"), f.str("KeyName")
	in.userData = f.str("UserData")
	in.profile = orElse(f.str("IamInstanceProfile.Name"), f.str("IamInstanceProfile.Arn"))
	in.monitored, in.ebsOptimized = f.flag("Monitoring.Enabled"), f.flag("EbsOptimized")
	in.keepAlive, in.keepRunning = f.flag("DisableApiTermination"), f.flag("DisableApiStop")
	in.onShutdown = orElse(f.str("InstanceInitiatedShutdownBehavior"), "stop")
	if groups := f.strs("SecurityGroupId"); len(groups) > 0 {
		in.securityGroups = groups
	}
	for _, d := range f.list("BlockDeviceMapping") {
		if d.str("DeviceName") == rootDevice {
			in.volumeSize = d.num("Ebs.VolumeSize", in.volumeSize)
			in.volumeType = orElse(d.str("Ebs.VolumeType"), in.volumeType)
		}
	}
}

func (r *request) launchedWith(token string) []*instance {
	var list []*instance
	for _, in := range sorted(r.live.instances) {
		if in.clientToken == token {
			list = append(list, in)
		}
	}
	return list
}

func (r *request) reservation(list []*instance) reservationItem {
	res := reservationItem{ID: list[0].reservation, Owner: r.w.account}
	for _, in := range list {
		res.Instances = append(res.Instances, r.w.instanceItem(r.live, in))
	}
	return res
}

// named returns the instances a change names.
func (r *request) named() ([]*instance, error) {
	ids := r.strs("InstanceId")
	if err := missing(r.live.instances, ids, "InvalidInstanceID.NotFound"); err != nil {
		return nil, err
	}
	var list []*instance
	for _, id := range ids {
		list = append(list, r.live.instances[id])
	}
	return list, nil
}

type changedItem struct {
	ID       string   `xml:"instanceId"`
	Current  codeName `xml:"currentState"`
	Previous codeName `xml:"previousState"`
}

type changed struct {
	Instances []changedItem `xml:"instancesSet>item"`
}

// change lets do happen to all instances a request names, or to none if
// refuse finds a reason for one.
func (r *request) change(refuse func(*instance) error, do func(*instance)) (any, error) {
	list, err := r.named()
	if err != nil {
		return nil, err
	}
	for _, in := range list {
		if err := refuse(in); err != nil {
			return nil, err
		}
	}
	var answer changed
	for _, in := range list {
		before := in.state
		do(in)
		answer.Instances = append(answer.Instances, changedItem{in.id, stateItem(in.state), stateItem(before)})
	}
	return answer, nil
}

func terminateInstances(r *request) (any, error) {
	return r.change(func(in *instance) error {
		if in.keepAlive {
			return failure("OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", in.id)
		}
		return nil
	}, r.w.terminate)
}

func stopInstances(r *request) (any, error) {
	return r.change(func(in *instance) error {
		if in.keepRunning {
			return failure("OperationNotPermitted", "The instance '%s' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.", in.id)
		}
		return wrongState(in, "stopped", running, pending, stopping, stopped)
	}, r.w.stop)
}

func startInstances(r *request) (any, error) {
	return r.change(func(in *instance) error {
		return wrongState(in, "started", stopped, pending, running)
	}, func(in *instance) {
		if in.state == stopped {
			r.w.start(in)
		}
	})
}

// rebootInstances leaves the state as it is, as EC2 does: only the status
// checks begin anew.
func rebootInstances(r *request) (any, error) {
	_, err := r.change(func(in *instance) error { return wrongState(in, "rebooted", running) }, func(in *instance) {
		in.checked = r.w.clock.now.Add(r.w.timing.Checks)
	})
	return done{true}, err
}

func wrongState(in *instance, done string, allowed ...string) error {
	for _, s := range allowed {
		if in.state == s {
			return nil
		}
	}
	return failure("IncorrectInstanceState", "The instance '%s' is not in a state from which it can be %s.", in.id, done)
}

package awssim

func (w *World) elbv2() service {
	return service{
		namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
		actions: map[string]action{
			"DescribeTargetGroups":          describeTargetGroups,
			"DescribeTargetHealth":          describeTargetHealth,
			"DescribeTargetGroupAttributes": changeTargets(describeTargetAttributes),
			"DescribeTags":                  describeELBTags,
			"AddTags":                       addELBTags,
			"RemoveTags":                    removeELBTags,
			"CreateTargetGroup":             createTargetGroup,
			"ModifyTargetGroup":             changeTargets(modifyTargetGroup),
			"ModifyTargetGroupAttributes":   changeTargets(modifyTargetAttributes),
			"DeleteTargetGroup":             changeTargets(deleteTargetGroup),
			"RegisterTargets":               changeTargets(registerTargets),
			"DeregisterTargets":             changeTargets(deregisterTargets),
		},
	}
}

type targetGroupItem struct {
	TargetGroupArn             string
	TargetGroupName            string
	Protocol                   string
	Port                       int
	VpcId                      string
	HealthCheckProtocol        string
	HealthCheckPort            string
	HealthCheckEnabled         bool
	HealthCheckIntervalSeconds int
	HealthCheckTimeoutSeconds  int
	HealthyThresholdCount      int
	UnhealthyThresholdCount    int
	HealthCheckPath            string
	HttpCode                   string   `xml:"Matcher>HttpCode"`
	LoadBalancerArns           []string `xml:"LoadBalancerArns>member"`
	TargetType                 string
	ProtocolVersion            string
	IpAddressType              string
}

func (w *World) targetGroupItem(r *region, t *targetGroup) targetGroupItem {
	s := t.settings
	return targetGroupItem{
		TargetGroupArn: t.arn, TargetGroupName: t.name, Protocol: t.protocol, Port: t.port, VpcId: orElse(s.str("VpcId"), r.known("vpc")),
		HealthCheckProtocol: orElse(s.str("HealthCheckProtocol"), "HTTP"), HealthCheckPort: orElse(s.str("HealthCheckPort"), "traffic-port"),
		HealthCheckEnabled: true, HealthCheckIntervalSeconds: s.num("HealthCheckIntervalSeconds", 30),
		HealthCheckTimeoutSeconds: s.num("HealthCheckTimeoutSeconds", 5), HealthyThresholdCount: s.num("HealthyThresholdCount", 5),
		UnhealthyThresholdCount: s.num("UnhealthyThresholdCount", 2), HealthCheckPath: orElse(s.str("HealthCheckPath"), "/"),
		HttpCode: orElse(s.str("Matcher.HttpCode"), "200"), TargetType: orElse(s.str("TargetType"), "instance"),
		ProtocolVersion: "HTTP1", IpAddressType: "ipv4",
		LoadBalancerArns: []string{w.arn("elasticloadbalancing", r, "loadbalancer/app/sim/0123456789abcdef")},
	}
}

func describeTargetGroups(r *request) (any, error) {
	all := sorted(r.seen.targets)
	if arns := r.strs("TargetGroupArns.member"); len(arns) > 0 {
		all = nil
		for _, arn := range arns {
			t := r.seen.targets[arn]
			if t == nil {
				return nil, targetGroupNotFound()
			}
			all = append(all, t)
		}
	}
	if names := r.strs("Names.member"); len(names) > 0 {
		all = nil
		for _, name := range names {
			t := r.seen.targetGroupNamed(name)
			if t == nil {
				return nil, targetGroupNotFound()
			}
			all = append(all, t)
		}
	}
	shown, next, err := page(r, all, r.num("PageSize", 400))
	var answer struct {
		TargetGroups []targetGroupItem `xml:"TargetGroups>member"`
		NextMarker   string            `xml:",omitempty"`
	}
	answer.NextMarker = next
	for _, t := range shown {
		answer.TargetGroups = append(answer.TargetGroups, r.w.targetGroupItem(r.seen, t))
	}
	return answer, err
}

func targetGroupNotFound() error {
	return failure("TargetGroupNotFound", "One or more target groups not found")
}

func (r *region) targetGroupNamed(name string) *targetGroup {
	for _, t := range r.targets {
		if t.name == name {
			return t
		}
	}
	return nil
}

type targetID struct {
	Id   string
	Port int
}

type targetHealthItem struct {
	Target          targetID
	HealthCheckPort string
	State           string `xml:"TargetHealth>State"`
	Reason          string `xml:"TargetHealth>Reason,omitempty"`
	Description     string `xml:"TargetHealth>Description,omitempty"`
}

func describeTargetHealth(r *request) (any, error) {
	t := r.seen.targets[r.str("TargetGroupArn")]
	if t == nil {
		return nil, targetGroupNotFound()
	}
	var answer struct {
		Health []targetHealthItem `xml:"TargetHealthDescriptions>member"`
	}
	add := func(v *target) {
		state, reason, description := v.health(r.seen, r.at)
		answer.Health = append(answer.Health, targetHealthItem{targetID{v.id, v.port}, itoa(v.port), state, reason, description})
	}
	asked := r.list("Targets.member")
	if len(asked) == 0 {
		for _, v := range sorted(t.targets) {
			add(v)
		}
	}
	for _, a := range asked {
		if v := t.find(a.str("Id"), a.num("Port", 0)); v != nil {
			add(v)
			continue
		}
		answer.Health = append(answer.Health, targetHealthItem{targetID{a.str("Id"), a.num("Port", t.port)}, itoa(a.num("Port", t.port)),
			"unused", "Target.NotRegistered", "Target is not registered to the target group"})
	}
	return answer, nil
}

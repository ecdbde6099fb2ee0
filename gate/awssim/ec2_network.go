package awssim

import "strings"

// securityGroup is a security group; its rules are nobody's concern here.
type securityGroup struct{ id, name, description string }

func describeVpcs(r *request) (any, error) {
	type association struct {
		CIDR  string `xml:"cidrBlock"`
		State string `xml:"cidrBlockState>state"`
	}
	type item struct {
		ID      string        `xml:"vpcId"`
		Owner   string        `xml:"ownerId"`
		State   string        `xml:"state"`
		CIDR    string        `xml:"cidrBlock"`
		Sets    []association `xml:"cidrBlockAssociationSet>item"`
		DHCP    string        `xml:"dhcpOptionsId"`
		Tenancy string        `xml:"instanceTenancy"`
		Default bool          `xml:"isDefault"`
	}
	id := r.seen.known("vpc")
	all := map[string]*item{id: {id, r.w.account, "available", "172.31.0.0/16", []association{{"172.31.0.0/16", "associated"}}, r.seen.known("dopt"), "default", true}}
	list, err := pick(r, all, r.strs("VpcId"), "InvalidVpcID.NotFound", func(_ *item, name string) ([]string, bool) {
		switch name {
		case "isDefault", "is-default":
			return []string{"true"}, true
		case "vpc-id":
			return []string{id}, true
		case "state":
			return []string{"available"}, true
		}
		return tagFilter(nil, name)
	})
	return struct {
		VPCs []*item `xml:"vpcSet>item"`
	}{list}, err
}

func describeSubnets(r *request) (any, error) {
	type item struct {
		ID      string `xml:"subnetId"`
		ARN     string `xml:"subnetArn"`
		VPC     string `xml:"vpcId"`
		Owner   string `xml:"ownerId"`
		State   string `xml:"state"`
		CIDR    string `xml:"cidrBlock"`
		Free    int    `xml:"availableIpAddressCount"`
		Zone    string `xml:"availabilityZone"`
		ZoneID  string `xml:"availabilityZoneId"`
		Default bool   `xml:"defaultForAz"`
		Public  bool   `xml:"mapPublicIpOnLaunch"`
	}
	all := map[string]*item{}
	for _, zone := range r.seen.zones() {
		id := SubnetID(zone)
		all[id] = &item{id, r.w.arn("ec2", r.seen, "subnet/"+id), r.seen.known("vpc"), r.w.account, "available",
			r.seen.cidr(zone), 4091, zone, zoneID(zone), true, false}
	}
	list, err := pick(r, all, r.strs("SubnetId"), "InvalidSubnetID.NotFound", func(s *item, name string) ([]string, bool) {
		if s == nil {
			s = &item{}
		}
		switch name {
		case "vpc-id":
			return []string{s.VPC}, true
		case "subnet-id":
			return []string{s.ID}, true
		case "availability-zone", "availabilityZone":
			return []string{s.Zone}, true
		case "default-for-az", "defaultForAz":
			return []string{"true"}, true
		case "state":
			return []string{s.State}, true
		}
		return tagFilter(nil, name)
	})
	return struct {
		Subnets []*item `xml:"subnetSet>item"`
	}{list}, err
}

// zoneID is the id of a zone that is the same in every account.
func zoneID(zone string) string {
	parts := strings.Split(zone[:len(zone)-1], "-")
	if len(parts) < 3 {
		return zone
	}
	return parts[0] + parts[1][:1] + parts[2] + "-az" + string(rune('1'+zone[len(zone)-1]-'a'))
}

func describeZones(r *request) (any, error) {
	type item struct {
		Name   string `xml:"zoneName"`
		State  string `xml:"zoneState"`
		Region string `xml:"regionName"`
		ID     string `xml:"zoneId"`
		Kind   string `xml:"zoneType"`
		OptIn  string `xml:"optInStatus"`
		Group  string `xml:"groupName"`
	}
	var answer struct {
		Zones []item `xml:"availabilityZoneInfo>item"`
	}
	for _, z := range r.seen.zones() {
		answer.Zones = append(answer.Zones, item{z, "available", r.seen.name, zoneID(z), "availability-zone", "opt-in-not-required", r.seen.name})
	}
	return answer, nil
}

func describeSecurityGroups(r *request) (any, error) {
	type item struct {
		Owner       string `xml:"ownerId"`
		ID          string `xml:"groupId"`
		Name        string `xml:"groupName"`
		Description string `xml:"groupDescription"`
		VPC         string `xml:"vpcId"`
	}
	list, err := pick(r, r.seen.security, r.strs("GroupId"), "InvalidGroup.NotFound", func(s securityGroup, name string) ([]string, bool) {
		switch name {
		case "group-id":
			return []string{s.id}, true
		case "group-name":
			return []string{s.name}, true
		case "vpc-id":
			return []string{r.seen.known("vpc")}, true
		}
		return tagFilter(nil, name)
	})
	var answer struct {
		Groups []item `xml:"securityGroupInfo>item"`
	}
	for _, s := range list {
		answer.Groups = append(answer.Groups, item{r.w.account, s.id, s.name, s.description, r.seen.known("vpc")})
	}
	return answer, err
}

// describeInterfaces shows the one network interface of each instance, until
// it detaches.
func describeInterfaces(r *request) (any, error) {
	type item struct {
		interfaceOf
		Zone     string `xml:"availabilityZone"`
		Instance string `xml:"attachment>instanceId"`
	}
	all := map[string]*item{}
	for _, in := range r.seen.instances {
		for _, i := range r.w.instanceItem(r.seen, in).Interfaces {
			all[i.ID] = &item{i, in.zone, in.id}
		}
	}
	list, err := pick(r, all, r.strs("NetworkInterfaceId"), "InvalidNetworkInterfaceID.NotFound", func(i *item, name string) ([]string, bool) {
		if i == nil {
			i = &item{}
		}
		switch name {
		case "attachment.instance-id":
			return []string{i.Instance}, true
		case "network-interface-id":
			return []string{i.ID}, true
		case "vpc-id":
			return []string{i.VPC}, true
		case "subnet-id":
			return []string{i.Subnet}, true
		}
		return tagFilter(nil, name)
	})
	return struct {
		Interfaces []*item `xml:"networkInterfaceSet>item"`
	}{list}, err
}

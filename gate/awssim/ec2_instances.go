package awssim

import (
	"strconv"
	"strings"
	"time"
)

// codeName is a state with its number.
type codeName struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

func stateItem(state string) codeName {
	codes := map[string]int{pending: 0, running: 16, shuttingDown: 32, terminated: 48, stopping: 64, stopped: 80}
	return codeName{codes[state], state}
}

type codeMessage struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

type groupItem struct {
	ID   string `xml:"groupId"`
	Name string `xml:"groupName"`
}

type instanceItem struct {
	ID              string        `xml:"instanceId"`
	Image           string        `xml:"imageId"`
	State           codeName      `xml:"instanceState"`
	PrivateDNS      string        `xml:"privateDnsName"`
	DNS             string        `xml:"dnsName"`
	Reason          string        `xml:"reason"`
	KeyName         string        `xml:"keyName,omitempty"`
	LaunchIndex     int           `xml:"amiLaunchIndex"`
	Type            string        `xml:"instanceType"`
	Launched        time.Time     `xml:"launchTime"`
	Zone            string        `xml:"placement>availabilityZone"`
	Tenancy         string        `xml:"placement>tenancy"`
	Monitoring      string        `xml:"monitoring>state"`
	Subnet          string        `xml:"subnetId,omitempty"`
	VPC             string        `xml:"vpcId,omitempty"`
	Address         string        `xml:"privateIpAddress,omitempty"`
	SourceDestCheck bool          `xml:"sourceDestCheck"`
	Groups          []groupItem   `xml:"groupSet>item"`
	StateReason     *codeMessage  `xml:"stateReason,omitempty"`
	Architecture    string        `xml:"architecture"`
	RootType        string        `xml:"rootDeviceType"`
	RootName        string        `xml:"rootDeviceName"`
	Devices         []deviceItem  `xml:"blockDeviceMapping>item"`
	Virtualization  string        `xml:"virtualizationType"`
	ClientToken     string        `xml:"clientToken"`
	Tags            []tagItem     `xml:"tagSet>item"`
	Hypervisor      string        `xml:"hypervisor"`
	Interfaces      []interfaceOf `xml:"networkInterfaceSet>item"`
	Profile         *profileItem  `xml:"iamInstanceProfile,omitempty"`
	EBSOptimized    bool          `xml:"ebsOptimized"`
	ENA             bool          `xml:"enaSupport"`
	CPU             cpuOptions    `xml:"cpuOptions"`
	Reservation     string        `xml:"capacityReservationSpecification>capacityReservationPreference"`
	Hibernates      bool          `xml:"hibernationOptions>configured"`
	Metadata        metadataItem  `xml:"metadataOptions"`
	Enclave         bool          `xml:"enclaveOptions>enabled"`
	Platform        string        `xml:"platformDetails"`
	UsageOperation  string        `xml:"usageOperation"`
	DNSOptions      dnsOptions    `xml:"privateDnsNameOptions"`
	AutoRecovery    string        `xml:"maintenanceOptions>autoRecovery"`
	BootMode        string        `xml:"currentInstanceBootMode"`
	Operator        *operatorItem `xml:"operator,omitempty"`
}

type deviceItem struct {
	Name      string    `xml:"deviceName"`
	Volume    string    `xml:"ebs>volumeId"`
	Status    string    `xml:"ebs>status"`
	Attached  time.Time `xml:"ebs>attachTime"`
	GoesAlong bool      `xml:"ebs>deleteOnTermination"`
}

type interfaceOf struct {
	ID              string      `xml:"networkInterfaceId"`
	Subnet          string      `xml:"subnetId"`
	VPC             string      `xml:"vpcId"`
	Owner           string      `xml:"ownerId"`
	Status          string      `xml:"status"`
	Address         string      `xml:"privateIpAddress"`
	SourceDestCheck bool        `xml:"sourceDestCheck"`
	Groups          []groupItem `xml:"groupSet>item"`
	Index           int         `xml:"attachment>deviceIndex"`
	Attachment      string      `xml:"attachment>attachmentId"`
	Attached        string      `xml:"attachment>status"`
	GoesAlong       bool        `xml:"attachment>deleteOnTermination"`
	Addresses       []addressOf `xml:"privateIpAddressesSet>item"`
	Kind            string      `xml:"interfaceType"`
}

type addressOf struct {
	Address string `xml:"privateIpAddress"`
	Primary bool   `xml:"primary"`
}

type profileItem struct {
	ARN string `xml:"arn"`
	ID  string `xml:"id"`
}

type cpuOptions struct {
	Cores   int `xml:"coreCount"`
	Threads int `xml:"threadsPerCore"`
}

type metadataItem struct {
	State    string `xml:"state"`
	Tokens   string `xml:"httpTokens"`
	Hops     int    `xml:"httpPutResponseHopLimit"`
	Endpoint string `xml:"httpEndpoint"`
	IPv6     string `xml:"httpProtocolIpv6"`
	Tags     string `xml:"instanceMetadataTags"`
}

type dnsOptions struct {
	Hostname string `xml:"hostnameType"`
	A        bool   `xml:"enableResourceNameDnsARecord"`
	AAAA     bool   `xml:"enableResourceNameDnsAAAARecord"`
}

type operatorItem struct {
	Managed   bool   `xml:"managed"`
	Principal string `xml:"principal"`
}

const rootDevice = "/dev/xvda"

func (w *World) instanceItem(r *region, in *instance) instanceItem {
	i := instanceItem{
		ID: in.id, Image: in.image, State: stateItem(in.state), Reason: in.reason, KeyName: in.keyName,
		LaunchIndex: in.launchIndex, Type: in.kind, Launched: in.launched, Zone: in.zone, Tenancy: "default",
		Monitoring: "disabled", Architecture: "x86_64", RootType: "ebs", RootName: rootDevice,
		Virtualization: "hvm", ClientToken: in.clientToken, Tags: tagItems(in.tags), Hypervisor: "xen",
		EBSOptimized: in.ebsOptimized, ENA: true, CPU: cpuOptions{1, 2}, Reservation: "open",
		Metadata: metadataItem{"applied", "required", 2, "enabled", "disabled", "disabled"},
		Platform: "Linux/UNIX", UsageOperation: "RunInstances", AutoRecovery: "default", BootMode: "uefi",
		DNSOptions: dnsOptions{Hostname: "ip-name"},
	}
	if in.monitored {
		i.Monitoring = "enabled"
	}
	if in.code != "" {
		i.StateReason = &codeMessage{in.code, in.message}
	}
	if in.profile != "" {
		i.Profile = &profileItem{"arn:aws:iam::" + w.account + ":instance-profile/" + in.profile, "AIPA" + in.profile}
	}
	if in.managed {
		i.Operator = &operatorItem{true, "eks.amazonaws.com"}
	}
	if in.state != terminated {
		for _, a := range r.attachments(in) {
			i.Devices = append(i.Devices, deviceItem{a.Device, a.Volume, a.Status, a.Attached, a.GoesAlong})
		}
	}
	if !in.detached {
		w.attach(&i, r, in)
	}
	return i
}

// attach shows what an instance has while its network interface is there.
func (w *World) attach(i *instanceItem, r *region, in *instance) {
	i.Subnet, i.VPC, i.Address = SubnetID(in.zone), r.known("vpc"), in.address
	i.PrivateDNS = "ip-" + strings.ReplaceAll(in.address, ".", "-") + ".ec2.internal"
	i.SourceDestCheck = true
	i.Groups = r.groupItems(in.securityGroups)
	i.Interfaces = []interfaceOf{{
		ID: "eni" + in.id[1:], Subnet: i.Subnet, VPC: i.VPC, Owner: w.account, Status: "in-use",
		Address: in.address, SourceDestCheck: true, Groups: i.Groups, Attachment: "eni-attach" + in.id[1:],
		Attached: "attached", GoesAlong: true, Addresses: []addressOf{{in.address, true}}, Kind: "interface",
	}}
}

func (r *region) groupItems(ids []string) []groupItem {
	var list []groupItem
	for _, id := range ids {
		list = append(list, groupItem{id, r.security[id].name})
	}
	return list
}

type reservationItem struct {
	ID        string         `xml:"reservationId"`
	Owner     string         `xml:"ownerId"`
	Instances []instanceItem `xml:"instancesSet>item"`
}

// instanceFilter returns what an instance has for a filter of DescribeInstances.
func instanceFilter(r *region) func(in *instance, name string) ([]string, bool) {
	return func(in *instance, name string) ([]string, bool) {
		if in == nil {
			in = &instance{}
		}
		switch name {
		case "instance-id":
			return []string{in.id}, true
		case "instance-state-name":
			return []string{in.state}, true
		case "instance-state-code":
			return []string{strconv.Itoa(stateItem(in.state).Code)}, true
		case "instance-type":
			return []string{in.kind}, true
		case "image-id":
			return []string{in.image}, true
		case "availability-zone":
			return []string{in.zone}, true
		case "client-token":
			return []string{in.clientToken}, true
		case "reservation-id":
			return []string{in.reservation}, true
		case "vpc-id":
			return unless(in.detached, r.known("vpc")), true
		case "subnet-id":
			return unless(in.detached, SubnetID(in.zone)), true
		}
		return tagFilter(in.tags, name)
	}
}

func unless(not bool, value string) []string {
	if not {
		return nil
	}
	return []string{value}
}

// pickInstances returns the instances a request names or filters for. Those of
// AWS services that hide them show only to those who ask for them.
func pickInstances(r *request, ids []string) ([]*instance, error) {
	list, err := pick(r, r.seen.instances, ids, "InvalidInstanceID.NotFound", instanceFilter(r.seen))
	if err != nil || r.flag("IncludeManagedResources") {
		return list, err
	}
	var shown []*instance
	for _, in := range list {
		if !in.managed {
			shown = append(shown, in)
		}
	}
	return shown, nil
}

func describeInstances(r *request) (any, error) {
	ids := r.strs("InstanceId")
	if err := oneOrTheOther(r, ids, 5, 1000); err != nil {
		return nil, err
	}
	all, err := pickInstances(r, ids)
	if err != nil {
		return nil, err
	}
	shown, next, err := page(r, all, r.num("MaxResults", 0))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Reservations []reservationItem `xml:"reservationSet>item"`
		Next         string            `xml:"nextToken,omitempty"`
	}
	answer.Next = next
	at := map[string]int{}
	for _, in := range shown {
		i, ok := at[in.reservation]
		if !ok {
			i = len(answer.Reservations)
			at[in.reservation] = i
			answer.Reservations = append(answer.Reservations, reservationItem{ID: in.reservation, Owner: r.w.account})
		}
		res := &answer.Reservations[i]
		res.Instances = append(res.Instances, r.w.instanceItem(r.seen, in))
	}
	return answer, nil
}

// oneOrTheOther refuses MaxResults together with ids, and outside its limits.
func oneOrTheOther(r *request, ids []string, least, most int) error {
	if !r.has("MaxResults") {
		return nil
	}
	if len(ids) > 0 {
		return failure("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
	}
	if n := r.num("MaxResults", 0); n < least || n > most {
		return failure("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value between %d and %d.", n, least, most)
	}
	return nil
}

package awssim

// templateData is the content of a launch template version, as far as the
// World knows its fields. Absent ones stay absent.
type templateData struct {
	Image          string          `xml:"imageId,omitempty"`
	Type           string          `xml:"instanceType,omitempty"`
	KeyName        string          `xml:"keyName,omitempty"`
	UserData       string          `xml:"userData,omitempty"`
	OnShutdown     string          `xml:"instanceInitiatedShutdownBehavior,omitempty"`
	EBSOptimized   *bool           `xml:"ebsOptimized,omitempty"`
	KeepAlive      *bool           `xml:"disableApiTermination,omitempty"`
	KeepRunning    *bool           `xml:"disableApiStop,omitempty"`
	Profile        *profileData    `xml:"iamInstanceProfile,omitempty"`
	Monitoring     *monitoringData `xml:"monitoring,omitempty"`
	Placement      *placementData  `xml:"placement,omitempty"`
	Metadata       *metadataData   `xml:"metadataOptions,omitempty"`
	Credits        *creditData     `xml:"creditSpecification,omitempty"`
	SecurityGroups []string        `xml:"securityGroupIdSet>item"`
	Devices        []deviceData    `xml:"blockDeviceMappingSet>item"`
	Interfaces     []interfaceData `xml:"networkInterfaceSet>item"`
	Tags           []specifiedTags `xml:"tagSpecificationSet>item"`
}

type profileData struct {
	ARN  string `xml:"arn,omitempty"`
	Name string `xml:"name,omitempty"`
}

type monitoringData struct {
	Enabled bool `xml:"enabled"`
}

type creditData struct {
	CPU string `xml:"cpuCredits"`
}

type placementData struct {
	Zone    string `xml:"availabilityZone,omitempty"`
	Group   string `xml:"groupName,omitempty"`
	Tenancy string `xml:"tenancy,omitempty"`
}

type metadataData struct {
	State    string `xml:"state"`
	Endpoint string `xml:"httpEndpoint,omitempty"`
	Tokens   string `xml:"httpTokens,omitempty"`
	Hops     int    `xml:"httpPutResponseHopLimit,omitempty"`
	IPv6     string `xml:"httpProtocolIpv6,omitempty"`
	Tags     string `xml:"instanceMetadataTags,omitempty"`
}

type deviceData struct {
	Name    string `xml:"deviceName"`
	Type    string `xml:"ebs>volumeType,omitempty"`
	Size    int    `xml:"ebs>volumeSize,omitempty"`
	IOPS    int    `xml:"ebs>iops,omitempty"`
	Goes    *bool  `xml:"ebs>deleteOnTermination,omitempty"`
	Encrypt *bool  `xml:"ebs>encrypted,omitempty"`
}

type interfaceData struct {
	Index  int      `xml:"deviceIndex"`
	Subnet string   `xml:"subnetId,omitempty"`
	Public *bool    `xml:"associatePublicIpAddress,omitempty"`
	Goes   *bool    `xml:"deleteOnTermination,omitempty"`
	Groups []string `xml:"groupSet>groupId"`
}

type specifiedTags struct {
	Kind string    `xml:"resourceType"`
	Tags []tagItem `xml:"tagSet>item"`
}

func dataOf(f form) templateData {
	d := templateData{
		Image: f.str("ImageId"), Type: f.str("InstanceType"), KeyName: f.str("KeyName"), UserData: f.str("UserData"),
		OnShutdown: f.str("InstanceInitiatedShutdownBehavior"), EBSOptimized: f.maybe("EbsOptimized"),
		KeepAlive: f.maybe("DisableApiTermination"), KeepRunning: f.maybe("DisableApiStop"),
		SecurityGroups: f.strs("SecurityGroupId"),
	}
	if f.anyUnder("IamInstanceProfile") {
		d.Profile = &profileData{f.str("IamInstanceProfile.Arn"), f.str("IamInstanceProfile.Name")}
	}
	if f.anyUnder("Monitoring") {
		d.Monitoring = &monitoringData{f.flag("Monitoring.Enabled")}
	}
	if f.anyUnder("Placement") {
		d.Placement = &placementData{f.str("Placement.AvailabilityZone"), f.str("Placement.GroupName"), f.str("Placement.Tenancy")}
	}
	if f.anyUnder("CreditSpecification") {
		d.Credits = &creditData{f.str("CreditSpecification.CpuCredits")}
	}
	if m := f.sub("MetadataOptions"); len(m) > 0 {
		d.Metadata = &metadataData{"applied", m.str("HttpEndpoint"), m.str("HttpTokens"), m.num("HttpPutResponseHopLimit", 0), m.str("HttpProtocolIpv6"), m.str("InstanceMetadataTags")}
	}
	for _, v := range f.list("BlockDeviceMapping") {
		d.Devices = append(d.Devices, deviceData{v.str("DeviceName"), v.str("Ebs.VolumeType"), v.num("Ebs.VolumeSize", 0),
			v.num("Ebs.Iops", 0), v.maybe("Ebs.DeleteOnTermination"), v.maybe("Ebs.Encrypted")})
	}
	for _, v := range f.list("NetworkInterface") {
		d.Interfaces = append(d.Interfaces, interfaceData{v.num("DeviceIndex", 0), v.str("SubnetId"),
			v.maybe("AssociatePublicIpAddress"), v.maybe("DeleteOnTermination"), v.strs("SecurityGroupId")})
	}
	for _, v := range f.list("TagSpecification") {
		kind := v.str("ResourceType")
		d.Tags = append(d.Tags, specifiedTags{kind, tagItems(tagSpecification(f, kind))})
	}
	return d
}

// maybe is flag for what may be absent.
func (f form) maybe(key string) *bool {
	if !f.has(key) {
		return nil
	}
	b := f.flag(key)
	return &b
}

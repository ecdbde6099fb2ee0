package awssim

import (
	"slices"
	"strings"
	"time"
)

// burstable reports whether a type has CPU credits.
func burstable(kind string) bool { return strings.HasPrefix(kind, "t") }

// describeInstanceTypes knows every type that is asked for; all are alike.
func describeInstanceTypes(r *request) (any, error) {
	type item struct {
		Type        string   `xml:"instanceType"`
		Current     bool     `xml:"currentGeneration"`
		Usage       []string `xml:"supportedUsageClasses>item"`
		Root        []string `xml:"supportedRootDeviceTypes>item"`
		Virtual     []string `xml:"supportedVirtualizationTypes>item"`
		Bare        bool     `xml:"bareMetal"`
		Hypervisor  string   `xml:"hypervisor"`
		Arch        []string `xml:"processorInfo>supportedArchitectures>item"`
		VCPU        int      `xml:"vCpuInfo>defaultVCpus"`
		Cores       int      `xml:"vCpuInfo>defaultCores"`
		Threads     int      `xml:"vCpuInfo>defaultThreadsPerCore"`
		Memory      int      `xml:"memoryInfo>sizeInMiB"`
		Storage     bool     `xml:"instanceStorageSupported"`
		EBS         string   `xml:"ebsInfo>ebsOptimizedSupport"`
		Encryption  string   `xml:"ebsInfo>encryptionSupport"`
		Burstable   bool     `xml:"burstablePerformanceSupported"`
		Dedicated   bool     `xml:"dedicatedHostsSupported"`
		AutoRecover bool     `xml:"autoRecoverySupported"`
	}
	kinds := r.strs("InstanceType")
	if len(kinds) == 0 {
		kinds = []string{"m5.large", "t3.micro"}
	}
	var answer struct {
		Types []item `xml:"instanceTypeSet>item"`
	}
	for _, k := range kinds {
		answer.Types = append(answer.Types, item{k, true, []string{"on-demand", "spot"}, []string{"ebs"}, []string{"hvm"}, false, "nitro",
			[]string{"x86_64"}, 2, 1, 2, 1024, false, "default", "supported", burstable(k), true, true})
	}
	return answer, nil
}

// describeImages knows every image that is asked for by id, and one by search.
func describeImages(r *request) (any, error) {
	type device struct {
		Name     string `xml:"deviceName"`
		Snapshot string `xml:"ebs>snapshotId"`
		Size     int    `xml:"ebs>volumeSize"`
		Type     string `xml:"ebs>volumeType"`
		Goes     bool   `xml:"ebs>deleteOnTermination"`
	}
	type item struct {
		ID       string    `xml:"imageId"`
		Location string    `xml:"imageLocation"`
		State    string    `xml:"imageState"`
		Owner    string    `xml:"imageOwnerId"`
		Created  time.Time `xml:"creationDate"`
		Public   bool      `xml:"isPublic"`
		Arch     string    `xml:"architecture"`
		Kind     string    `xml:"imageType"`
		Name     string    `xml:"name"`
		RootType string    `xml:"rootDeviceType"`
		RootName string    `xml:"rootDeviceName"`
		Devices  []device  `xml:"blockDeviceMapping>item"`
		Virtual  string    `xml:"virtualizationType"`
		Hyper    string    `xml:"hypervisor"`
		ENA      bool      `xml:"enaSupport"`
	}
	ids := r.strs("ImageId")
	for _, f := range r.list("Filter") {
		if f.str("Name") == "image-id" {
			ids = append(ids, f.strs("Value")...)
		}
	}
	if len(ids) == 0 {
		ids = []string{"ami-0123456789abcdef0"}
	}
	slices.Sort(ids)
	var answer struct {
		Images []item `xml:"imagesSet>item"`
	}
	for _, id := range slices.Compact(ids) {
		answer.Images = append(answer.Images, item{id, "amazon/al2023", "available", "137112412989", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), true,
			"x86_64", "machine", "al2023-ami-2023.3.20240101.0-kernel-6.1-x86_64", "ebs", rootDevice,
			[]device{{rootDevice, "snap-0123456789abcdef0", 8, "gp3", true}}, "hvm", "xen", true})
	}
	return answer, nil
}

func describeAccountAttributes(r *request) (any, error) {
	type item struct {
		Name   string   `xml:"attributeName"`
		Values []string `xml:"attributeValueSet>item>attributeValue"`
	}
	all := []item{{"supported-platforms", []string{"VPC"}}, {"default-vpc", []string{r.seen.known("vpc")}}}
	asked := r.strs("AttributeName")
	return struct {
		Items []item `xml:"accountAttributeSet>item"`
	}{slices.DeleteFunc(all, func(i item) bool { return len(asked) > 0 && !slices.Contains(asked, i.Name) })}, nil
}

func describeRegions(r *request) (any, error) {
	type item struct {
		Name     string `xml:"regionName"`
		Endpoint string `xml:"regionEndpoint"`
		OptIn    string `xml:"optInStatus"`
	}
	var answer struct {
		Regions []item `xml:"regionInfo>item"`
	}
	for _, name := range keys(r.w.regions) {
		answer.Regions = append(answer.Regions, item{name, "ec2." + name + ".amazonaws.com", "opt-in-not-required"})
	}
	return answer, nil
}

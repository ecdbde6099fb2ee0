package awssim

import "time"

type volumeItem struct {
	ID          string           `xml:"volumeId"`
	Size        int              `xml:"size"`
	Zone        string           `xml:"availabilityZone"`
	Status      string           `xml:"status"`
	Created     time.Time        `xml:"createTime"`
	Attachments []attachmentItem `xml:"attachmentSet>item"`
	Tags        []tagItem        `xml:"tagSet>item"`
	Type        string           `xml:"volumeType"`
	IOPS        int              `xml:"iops"`
	Encrypted   bool             `xml:"encrypted"`
	Multi       bool             `xml:"multiAttachEnabled"`
	Throughput  int              `xml:"throughput"`
}

type attachmentItem struct {
	Volume    string    `xml:"volumeId"`
	Instance  string    `xml:"instanceId"`
	Device    string    `xml:"device"`
	Status    string    `xml:"status"`
	Attached  time.Time `xml:"attachTime"`
	GoesAlong bool      `xml:"deleteOnTermination"`
}

// describeVolumes shows the root volumes of the instances; there are no
// others, and they go with their instance.
func describeVolumes(r *request) (any, error) {
	volumes := map[string]*instance{}
	for _, in := range r.seen.instances {
		if in.state != terminated {
			volumes[in.volume] = in
		}
	}
	list, err := pick(r, volumes, r.strs("VolumeId"), "InvalidVolume.NotFound", func(in *instance, name string) ([]string, bool) {
		if in == nil {
			in = &instance{}
		}
		switch name {
		case "attachment.instance-id":
			return []string{in.id}, true
		case "attachment.device":
			return []string{rootDevice}, true
		case "volume-id":
			return []string{in.volume}, true
		}
		return tagFilter(r.seen.tags[in.volume], name)
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Volumes []volumeItem `xml:"volumeSet>item"`
		Next    string       `xml:"nextToken,omitempty"`
	}
	list, answer.Next, err = page(r, list, r.num("MaxResults", 0))
	for _, in := range list {
		answer.Volumes = append(answer.Volumes, volumeItem{
			ID: in.volume, Size: in.volumeSize, Zone: in.zone, Status: "in-use", Created: in.launched,
			Attachments: []attachmentItem{{in.volume, in.id, rootDevice, "attached", in.launched, true}},
			Tags:        tagItems(r.seen.tags[in.volume]), Type: in.volumeType, IOPS: 3000, Throughput: 125,
		})
	}
	return answer, err
}

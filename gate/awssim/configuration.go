package awssim

import (
	"slices"
	"time"
)

// configuration is one launch configuration. It never changes: whoever wants
// another makes another.
type configuration struct {
	name, arn string
	created   time.Time
	data      form // of CreateLaunchConfiguration, as it was called
}

type configurationItem struct {
	LaunchConfigurationName string
	LaunchConfigurationARN  string
	ImageId                 string
	InstanceType            string
	KeyName                 string
	UserData                string
	SecurityGroups          []string `xml:"SecurityGroups>member"`
	EbsOptimized            bool
	InstanceMonitoring      struct{ Enabled bool }
	CreatedTime             time.Time
}

func createConfiguration(r *request) (any, error) {
	name := r.str("LaunchConfigurationName")
	if _, there := r.live.configurations[name]; there {
		return nil, failure("AlreadyExists", "Launch Configuration by this name already exists - A launch configuration already exists with the name %s", name)
	}
	if !r.has("ImageId") || !r.has("InstanceType") {
		return nil, failure("ValidationError", "Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType parameters.")
	}
	arn := r.w.arn("autoscaling", r.live, "launchConfiguration:"+r.w.uuid("lc")+":launchConfigurationName/"+name)
	r.live.configurations[name] = configuration{name, arn, r.w.clock.now, r.form}
	return empty{}, nil
}

func describeConfigurations(r *request) (any, error) {
	names := r.strs("LaunchConfigurationNames.member")
	all := slices.DeleteFunc(sorted(r.seen.configurations), func(c configuration) bool {
		return len(names) > 0 && !slices.Contains(names, c.name)
	})
	shown, next, err := pageRecords(r, all, 50, 100)
	var answer struct {
		Configurations []configurationItem `xml:"LaunchConfigurations>member"`
		NextToken      string              `xml:",omitempty"`
	}
	answer.NextToken = next
	for _, c := range shown {
		answer.Configurations = append(answer.Configurations, configurationItem{LaunchConfigurationName: c.name, LaunchConfigurationARN: c.arn,
			ImageId: c.data.str("ImageId"), InstanceType: c.data.str("InstanceType"), KeyName: c.data.str("KeyName"), UserData: c.data.str("UserData"),
			SecurityGroups: c.data.strs("SecurityGroups.member"), CreatedTime: c.created})
	}
	return answer, err
}

func deleteConfiguration(r *request) (any, error) {
	name := r.str("LaunchConfigurationName")
	if _, there := r.live.configurations[name]; !there {
		return nil, failure("ValidationError", "Launch configuration name not found - Launch configuration %s not found", name)
	}
	for _, g := range r.live.groups {
		if g.configuration == name {
			return nil, failure("ResourceInUse", "Cannot delete launch configuration %s because it is attached to AutoScalingGroup %s", name, g.name)
		}
	}
	delete(r.live.configurations, name)
	return empty{}, nil
}

// configure gives a group the launch configuration that a request names, in
// place of a launch template.
func (r *request) configure(g *group) error {
	name := r.str("LaunchConfigurationName")
	if _, there := r.live.configurations[name]; !there {
		return failure("ValidationError", "Launch configuration name not found - Launch configuration %s not found", name)
	}
	g.configuration, g.templateID, g.templateVersion = name, "", ""
	return nil
}

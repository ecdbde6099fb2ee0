package aws

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// A record is what is kept of one record of CloudTrail (aws-semantics 4.3).
// Records hold what people typed, tags and user data among it: what is not
// named here is never read, and so can come out nowhere.
type record struct {
	EventID                      string          `json:"eventID"`
	EventName                    string          `json:"eventName"`
	EventTime                    time.Time       `json:"eventTime"`
	SourceIPAddress              string          `json:"sourceIPAddress"`
	UserAgent                    string          `json:"userAgent"`
	ErrorCode                    string          `json:"errorCode"`
	SessionCredentialFromConsole string          `json:"sessionCredentialFromConsole"`
	TLSDetails                   json.RawMessage `json:"tlsDetails"`
	UserIdentity                 identity        `json:"userIdentity"`
	RequestParameters            json.RawMessage `json:"requestParameters"`
	ResponseElements             json.RawMessage `json:"responseElements"`
	ServiceEventDetails          json.RawMessage `json:"serviceEventDetails"`
}

// identity is who made a call.
type identity struct {
	Type           string `json:"type"`
	PrincipalID    string `json:"principalId"`
	ARN            string `json:"arn"`
	UserName       string `json:"userName"`
	InvokedBy      string `json:"invokedBy"`
	SessionContext struct {
		SourceIdentity string `json:"sourceIdentity"`
		SessionIssuer  struct {
			ARN      string `json:"arn"`
			UserName string `json:"userName"`
		} `json:"sessionIssuer"`
	} `json:"sessionContext"`
}

// session is the name a session was begun under: what follows the last colon
// of the principal, or the last slash of the ARN.
func (u identity) session() string {
	if i := strings.LastIndex(u.PrincipalID, ":"); i >= 0 {
		return u.PrincipalID[i+1:]
	}
	if i := strings.LastIndex(u.ARN, "/"); i >= 0 {
		return u.ARN[i+1:]
	}
	return ""
}

// touched is the part of a request, an answer or a service event that names
// instances and groups, and the sizes it asks for.
type touched struct {
	InstanceID   string      `json:"instanceId"`
	InstanceIDs  []string    `json:"instanceIds"`
	InstanceIDSe []string    `json:"instanceIdSet"`
	InstancesSet items       `json:"instancesSet"`
	ResourcesSet items       `json:"resourcesSet"`
	Targets      []named     `json:"targets"`
	Tags         []named     `json:"tags"`
	Group        string      `json:"autoScalingGroupName"`
	Desired      json.Number `json:"desiredCapacity"`
	Min          json.Number `json:"minSize"`
	Max          json.Number `json:"maxSize"`
	Processes    []string    `json:"scalingProcesses"`
	TargetGroup  string      `json:"targetGroupArn"`
}

type items struct {
	Items []named `json:"items"`
}

type named struct {
	InstanceID string `json:"instanceId"`
	ResourceID string `json:"resourceId"`
	ID         string `json:"id"`
}

// parse reads a record and what it is about. A part that has another form than
// is known names nothing: the record then explains less.
func parse(text string) (record, []touched, bool) {
	var r record
	if json.Unmarshal([]byte(text), &r) != nil || r.EventName == "" {
		return r, nil, false
	}
	var parts []touched
	for _, raw := range []json.RawMessage{r.RequestParameters, r.ResponseElements, r.ServiceEventDetails} {
		var t touched
		// A field that is no list where one is expected leaves the others.
		_ = json.Unmarshal(raw, &t)
		parts = append(parts, t)
	}
	return r, parts, true
}

// refs are the ids of instances and the name of the group.
func refs(parts []touched) []string {
	seen := map[string]bool{}
	add := func(ref string, instance bool) {
		if ref != "" && (!instance || isInstance(ref)) {
			seen[ref] = true
		}
	}
	for _, t := range parts {
		add(t.InstanceID, true)
		add(t.Group, false)
		for _, list := range [][]string{t.InstanceIDs, t.InstanceIDSe} {
			for _, id := range list {
				add(id, true)
			}
		}
		for _, list := range [][]named{t.InstancesSet.Items, t.ResourcesSet.Items, t.Targets} {
			for _, n := range list {
				add(n.InstanceID, true)
				add(n.ResourceID, true)
				add(n.ID, true)
			}
		}
		for _, n := range t.Tags { // of a group
			add(n.ResourceID, false)
		}
	}
	return sortedKeys(seen)
}

// changes is what a request asks of a group, in a few words: sizes, the names of
// processes, which AWS gives them, and of target groups, which are in their
// ARNs, and nothing else that people typed.
func (t touched) changes() string {
	var out []string
	for _, size := range []struct {
		name string
		n    json.Number
	}{{"desired", t.Desired}, {"min", t.Min}, {"max", t.Max}} {
		if size.n != "" && strings.Trim(size.n.String(), "0123456789") == "" {
			out = append(out, size.name+" "+size.n.String())
		}
	}
	for _, p := range t.Processes {
		if len(p) < 32 {
			out = append(out, p)
		}
	}
	_, name, _ := strings.Cut(t.TargetGroup, ":targetgroup/")
	name, _, _ = strings.Cut(name, "/")
	if targetGroupName().MatchString(name) {
		out = append(out, "target group "+name)
	}
	return strings.Join(out, ", ")
}

// targetGroupName is the form of such a name (ELB API, CreateTargetGroup).
var targetGroupName = lazy.MustCompile(`^[A-Za-z0-9-]{1,32}$`)

// attributions are what a record says, once for each thing it is about.
func attributions(region string, r record, parts []touched, known Rules) []gate.Attribution {
	a := known.classify(r)
	a.Region, a.Event, a.EventID, a.At, a.Failed, a.Source = region, r.EventName, r.EventID, r.EventTime.UTC(), r.ErrorCode, gate.SourceTrail
	a.Detail = parts[0].changes()
	var out []gate.Attribution
	for _, ref := range refs(parts) {
		a.Ref = ref
		out = append(out, a)
	}
	return out
}

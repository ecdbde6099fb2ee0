package awssim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// trail is what CloudTrail has recorded, of all regions.
type trail struct {
	events []*trailEvent
	actors map[string]Actor // by access key
	human  Actor            // at the console
	asked  []asked          // of LookupEvents, the newest calls
}

// asked is when a region's history was looked up, by both clocks.
type asked struct {
	region   string
	at, real time.Time
}

// trailEvent is one record.
type trailEvent struct {
	at        time.Time
	region    string
	id        string
	service   string // "ec2"
	name      string
	user, key string
	resources []trailResource
	record    map[string]any // without what the fields above say
}

type trailResource struct{ ResourceType, ResourceName string }

// An act is one change as it is to be recorded.
type act struct {
	by      Actor
	key     string // access key; empty: a temporary one
	agent   string // the client's own user agent
	region  string
	service string
	name    string
	params  form
	answer  map[string]any // responseElements
	err     error
}

// remember records a change.
func (w *World) remember(a act) *trailEvent {
	n := len(w.trail.events)
	d := digest("event", n)
	e := &trailEvent{
		at: w.clock.now, region: a.region, service: a.service, name: a.name, user: a.by.name(), key: orElse(a.key, temporaryKey),
		id: d[:8] + "-" + d[8:12] + "-4" + d[13:16] + "-8" + d[17:20] + "-" + d[20:32],
	}
	params := requestParameters(a.service, a.params)
	e.resources = resourcesOf(params, a.answer)
	e.record = map[string]any{
		"eventVersion": "1.11", "userIdentity": a.by.identity(w.account, e.key),
		"sourceIPAddress": orElse(a.by.Address, "198.51.100.7"), "userAgent": orElse(a.by.Agent, a.agent),
		"requestParameters": params, "responseElements": nil, "requestID": requestID,
		"readOnly": false, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": w.account, "eventCategory": "Management",
	}
	if a.answer != nil && a.err == nil {
		e.record["responseElements"] = a.answer
	}
	if a.err != nil {
		f := asFailure(a.err)
		e.record["errorCode"], e.record["errorMessage"] = f.Code, f.Message
		if a.service == "ec2" { // which says whose mistake it is
			e.record["errorCode"] = "Client." + f.Code
		}
	}
	if a.by.Console {
		e.record["sessionCredentialFromConsole"] = "true"
	}
	if !a.by.Backend {
		e.record["tlsDetails"] = map[string]any{"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": a.service + "." + a.region + ".amazonaws.com"}
	}
	w.trail.events = append(w.trail.events, e)
	return e
}

const temporaryKey = "ASIA000000000000TEST"

// byHand records what the human at the console does.
func (w *World) byHand(region, service, name string, params form, ids ...string) *trailEvent {
	return w.remember(act{by: w.trail.human, region: orElse(region, DefaultRegion), service: service, name: name, params: params, answer: instancesSet(service, ids)})
}

// byHandTo is byHand with instances of one region.
func (w *World) byHandTo(service, name string, params form, ids ...string) {
	defer w.enter()()
	if len(ids) == 0 {
		return
	}
	if params == nil {
		params = form{}
		for i, id := range ids {
			params["InstanceId."+itoa(i+1)] = []string{id}
		}
	}
	w.byHand(w.find(ids[0]).region, service, name, params, ids...)
}

// launchedBy records the launch of an instance: by the human, or by EKS where
// it hides them.
func (w *World) launchedBy(r *region, in *instance, hidden bool) *trailEvent {
	by := w.trail.human
	if hidden {
		by = ByService("eks.amazonaws.com", "aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS", "EKS")
	}
	params := form{"InstanceType": {in.kind}, "InstancesSet.1.ImageId": {in.image}}
	for i, k := range keys(in.tags) {
		at := "TagSpecification.1.Tag." + itoa(i+1)
		params[at+".Key"], params[at+".Value"] = []string{k}, []string{in.tags[k]}
	}
	return w.remember(act{by: by, region: r.name, service: "ec2", name: "RunInstances", params: params, answer: instancesSet("ec2", []string{in.id})})
}

// sized, ofGroup and ofTargets are what the console sends.
func sized(g *group) form {
	return form{"AutoScalingGroupName": {g.name}, "MinSize": {itoa(g.min)}, "MaxSize": {itoa(g.max)}, "DesiredCapacity": {itoa(g.desired)}}
}

func ofGroup(g *group, list string, values ...string) form {
	f := form{"AutoScalingGroupName": {g.name}}
	for i, v := range values {
		f[list+".member."+itoa(i+1)] = []string{v}
	}
	return f
}

func ofTargets(arn string, ids []string) form {
	f := form{"TargetGroupArn": {arn}}
	for i, id := range ids {
		f["Targets.member."+itoa(i+1)+".Id"] = []string{id}
	}
	return f
}

// explicitly notes why a group is about to change its size: its activities say
// so in their cause.
func (w *World) explicitly(g *group, n int) {
	if n != g.desired {
		g.asked = w.cause("a user request explicitly set group desired capacity changing the desired capacity from %d to %d.  ", g.desired, n)
	}
}

// itself records what Auto Scaling does for a group.
func (w *World) itself(region, name, id string) {
	params := form{}
	if name == "TerminateInstances" {
		params = form{"InstanceId.1": {id}}
	}
	w.remember(act{by: byGroup(), region: region, service: "ec2", name: name, params: params, answer: instancesSet("ec2", []string{id})})
}

// evicted records the end of a spot instance, which nobody called for.
func (w *World) evicted(in *instance) {
	e := w.remember(act{by: Actor{Service: "ec2.amazonaws.com", Agent: "ec2.amazonaws.com", Address: "ec2.amazonaws.com", Backend: true}, region: in.region, service: "ec2", name: "BidEvictedEvent"})
	e.record["eventType"], e.record["requestParameters"] = "AwsServiceEvent", nil
	e.record["serviceEventDetails"] = map[string]any{"instanceIdSet": []string{in.id}}
}

// recordCall records a request that was served, if it was to change anything.
func (w *World) recordCall(r *Request, answer any, err error) {
	if !slices.Contains([]string{"ec2", "autoscaling", "elasticloadbalancing"}, r.Service) ||
		slices.ContainsFunc([]string{"Describe", "Get", "List"}, func(p string) bool { return strings.HasPrefix(r.Action, p) }) {
		return
	}
	var ids []string
	switch a := answer.(type) {
	case reservationItem:
		for _, in := range a.Instances {
			ids = append(ids, in.ID)
		}
	case changed:
		for _, in := range a.Instances {
			ids = append(ids, in.ID)
		}
	}
	params := form{}
	for k, v := range r.Params {
		if k != "Action" && k != "Version" {
			params[k] = v
		}
	}
	w.remember(act{by: w.actorOf(r.Key), key: r.Key, agent: r.Agent, region: orElse(r.Region, DefaultRegion), service: r.Service, name: r.Action, params: params, answer: instancesSet(r.Service, ids), err: err})
}

// instancesSet is the instances in an answer of EC2, as a record has them.
func instancesSet(service string, ids []string) map[string]any {
	if service != "ec2" || len(ids) == 0 {
		return nil
	}
	var items []map[string]any
	for _, id := range ids {
		items = append(items, map[string]any{"instanceId": id})
	}
	return map[string]any{"requestId": requestID, "instancesSet": map[string]any{"items": items}}
}

// requestParameters is a request in the form of a record: EC2 has sets of
// items, the other services have lists, and names begin with a small letter.
func requestParameters(service string, f form) map[string]any {
	tree := map[string]any{}
	for _, key := range keys(f) {
		at := tree
		parts := strings.Split(key, ".")
		for i, part := range parts {
			if i == len(parts)-1 {
				at[part] = f.str(key)
				break
			}
			next, ok := at[part].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[part] = next
			}
			at = next
		}
	}
	out, _ := shaped(service == "ec2", tree).(map[string]any)
	return out
}

// shaped turns the tree of a flattened request into objects and lists.
func shaped(ec2 bool, v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	if inner, ok := m["member"].(map[string]any); ok && len(m) == 1 {
		m = inner
	}
	if list, ok := inOrder(m); ok {
		out := []any{}
		for _, item := range list {
			out = append(out, shaped(ec2, item))
		}
		return out
	}
	out := map[string]any{}
	for _, k := range keys(m) {
		name, value := strings.ToLower(k[:1])+k[1:], shaped(ec2, m[k])
		switch list, ok := value.([]any); {
		case k == "UserData":
			value = "<sensitiveDataRemoved>"
		case ec2 && ok:
			name, value = setOf(name, list)
		}
		out[name] = value
	}
	return out
}

// inOrder returns the items of a flattened list.
func inOrder(m map[string]any) ([]any, bool) {
	var list []any
	for i := 1; i <= len(m); i++ {
		item, ok := m[strconv.Itoa(i)]
		if !ok {
			return nil, false
		}
		list = append(list, item)
	}
	return list, len(list) > 0
}

// setOf is a list as EC2's records have it.
func setOf(name string, list []any) (string, map[string]any) {
	items := []any{}
	for _, item := range list {
		if _, structured := item.(map[string]any); !structured {
			item = map[string]any{name: item}
		}
		items = append(items, item)
	}
	plural := map[string]string{"instanceId": "instancesSet", "resourceId": "resourcesSet"}
	return orElse(plural[name], name+"Set"), map[string]any{"items": items}
}

// resourcesOf lists the instances that a record names.
func resourcesOf(parts ...map[string]any) []trailResource {
	text, err := json.Marshal(parts)
	if err != nil {
		return nil
	}
	var out []trailResource
	for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return r == '"' }) {
		res := trailResource{"AWS::EC2::Instance", word}
		if strings.HasPrefix(word, "i-") && !slices.Contains(out, res) {
			out = append(out, res)
		}
	}
	return out
}

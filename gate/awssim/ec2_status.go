package awssim

import "time"

type eventItem struct {
	ID          string     `xml:"instanceEventId"`
	Code        string     `xml:"code"`
	Description string     `xml:"description"`
	NotBefore   time.Time  `xml:"notBefore"`
	NotAfter    *time.Time `xml:"notAfter,omitempty"`
}

type statusItem struct {
	ID       string      `xml:"instanceId"`
	Zone     string      `xml:"availabilityZone"`
	Events   []eventItem `xml:"eventsSet>item"`
	State    codeName    `xml:"instanceState"`
	System   checkItem   `xml:"systemStatus"`
	Instance checkItem   `xml:"instanceStatus"`
	EBS      checkItem   `xml:"attachedEbsStatus"`
}

type checkItem struct {
	Status  string        `xml:"status"`
	Details []checkDetail `xml:"details>item"`
}

type checkDetail struct {
	Name   string `xml:"name"`
	Status string `xml:"status"`
}

func check(status string) checkItem {
	detail := map[string]string{"ok": "passed", "impaired": "failed"}
	c := checkItem{Status: status}
	if status != "not-applicable" {
		c.Details = []checkDetail{{"reachability", orElse(detail[status], status)}}
	}
	return c
}

func describeInstanceStatus(r *request) (any, error) {
	ids := r.strs("InstanceId")
	if len(ids) > 100 {
		return nil, failure("InvalidParameterValue", "You can specify at most 100 instance IDs.")
	}
	if err := oneOrTheOther(r, ids, 5, 1000); err != nil {
		return nil, err
	}
	all, err := pickInstances(r, ids)
	if err != nil {
		return nil, err
	}
	var list []*instance
	for _, in := range all {
		if in.state == running || r.flag("IncludeAllInstances") {
			list = append(list, in)
		}
	}
	var answer struct {
		Statuses []statusItem `xml:"instanceStatusSet>item"`
		Next     string       `xml:"nextToken,omitempty"`
	}
	list, answer.Next, err = page(r, list, r.num("MaxResults", 0))
	if err != nil {
		return nil, err
	}
	for _, in := range list {
		system, status := in.checks(r.at)
		ebs := orElse(map[string]string{running: "ok"}[in.state], "not-applicable")
		answer.Statuses = append(answer.Statuses, statusItem{
			ID: in.id, Zone: in.zone, Events: eventItems(in.events), State: stateItem(in.state),
			System: check(system), Instance: check(status), EBS: check(ebs),
		})
	}
	return answer, nil
}

func eventItems(events []Event) []eventItem {
	var list []eventItem
	for _, e := range events {
		list = append(list, eventItem{e.ID, e.Code, e.Description, e.NotBefore, optional(e.NotAfter)})
	}
	return list
}

// optional leaves out a time that is zero.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

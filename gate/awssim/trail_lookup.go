package awssim

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

const (
	lookupRate = 2                   // requests a second, for one region (CloudTrail API, LookupEvents)
	lookupPage = 50                  // most events on a page
	lookupAge  = 90 * 24 * time.Hour // how far back it looks
)

func (w *World) cloudtrail() service {
	return service{json: "1.1", actions: map[string]action{"LookupEvents": lookupEvents}}
}

type lookupItem struct {
	EventId         string
	EventName       string
	EventSource     string
	EventTime       float64
	ReadOnly        string
	AccessKeyId     string `json:",omitempty"`
	Username        string `json:",omitempty"`
	Resources       []trailResource
	CloudTrailEvent string
}

// lookupEvents answers with what was delivered by now, the newest first.
func lookupEvents(r *request) (any, error) {
	var in struct {
		StartTime, EndTime *float64
		LookupAttributes   []struct{ AttributeKey, AttributeValue string }
		MaxResults         *int
		NextToken          string
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if r.w.asksTooOften(r.live.name) {
		return nil, failure("ThrottlingException", "Rate exceeded")
	}
	if len(in.LookupAttributes) > 1 {
		return nil, failure("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
	}
	size := lookupPage
	if in.MaxResults != nil {
		if size = *in.MaxResults; size < 1 || size > lookupPage {
			return nil, failure("InvalidMaxResultsException", "The max results value must be between 1 and 50.")
		}
	}
	from, until := r.w.clock.now.Add(-lookupAge), r.w.clock.now.Add(-r.w.timing.Delivery)
	if in.StartTime != nil && in.EndTime != nil && *in.StartTime > *in.EndTime {
		return nil, failure("InvalidTimeRangeException", "The start time must be before the end time.")
	}
	var found []*trailEvent
	for _, e := range r.w.trail.events {
		at := float64(e.at.UnixMilli()) / 1000
		switch {
		case e.region != r.live.name, e.at.Before(from), e.at.After(until):
		case in.StartTime != nil && at < *in.StartTime, in.EndTime != nil && at > *in.EndTime:
		case len(in.LookupAttributes) > 0 && !e.has(in.LookupAttributes[0].AttributeKey, in.LookupAttributes[0].AttributeValue):
		default:
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b *trailEvent) int { return b.at.Compare(a.at) })
	r.form = form{"NextToken": {in.NextToken}}
	shown, next, err := page(r, found, size)
	if err != nil {
		return nil, failure("InvalidNextTokenException", "The next token is not valid.")
	}
	items := []lookupItem{}
	for _, e := range shown {
		items = append(items, e.item())
	}
	return struct {
		Events    []lookupItem
		NextToken string `json:",omitempty"`
	}{items, next}, nil
}

// asksTooOften notes a call and reports whether it is one too many within a
// second. A second is over when either clock says so: that of a World may
// stand still while a program waits in real time.
func (w *World) asksTooOften(region string) bool {
	now := asked{region, w.clock.now, time.Now()}
	n := 0
	w.trail.asked = slices.DeleteFunc(w.trail.asked, func(a asked) bool {
		return now.at.Sub(a.at) >= time.Second || now.real.Sub(a.real) >= time.Second
	})
	for _, a := range w.trail.asked {
		if a.region == region {
			n++
		}
	}
	if n >= lookupRate {
		return true
	}
	w.trail.asked = append(w.trail.asked, now)
	return false
}

// has reports whether an event has an attribute that is looked for.
func (e *trailEvent) has(key, value string) bool {
	switch key {
	case "EventName":
		return e.name == value
	case "EventId":
		return e.id == value
	case "EventSource":
		return e.source() == value
	case "Username":
		return e.user == value
	case "AccessKeyId":
		return e.key == value
	case "ReadOnly":
		return value == "false"
	case "ResourceName":
		return slices.ContainsFunc(e.resources, func(r trailResource) bool { return r.ResourceName == value })
	case "ResourceType":
		return slices.ContainsFunc(e.resources, func(r trailResource) bool { return r.ResourceType == value })
	}
	return false
}

func (e *trailEvent) source() string { return e.service + ".amazonaws.com" }

func (e *trailEvent) item() lookupItem {
	record := map[string]any{
		"eventTime": e.at.UTC().Format("2006-01-02T15:04:05Z"), "eventSource": e.source(), "eventName": e.name, "awsRegion": e.region, "eventID": e.id,
	}
	for k, v := range e.record {
		record[k] = v
	}
	text, err := json.Marshal(record)
	if err != nil {
		panic("awssim: a record cannot be written: " + err.Error())
	}
	return lookupItem{
		EventId: e.id, EventName: e.name, EventSource: e.source(), EventTime: float64(e.at.Unix()), ReadOnly: strconv.FormatBool(false),
		AccessKeyId: e.key, Username: e.user, Resources: append([]trailResource{}, e.resources...), CloudTrailEvent: string(text),
	}
}

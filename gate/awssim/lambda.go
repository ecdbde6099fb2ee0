package awssim

import (
	"net/http"
	"net/url"
	"strings"
)

const mappingsPath = "/2015-03-31/event-source-mappings"

// lambda knows the mappings of functions to streams, and no function.
func (w *World) lambda() service {
	return service{json: "rest", paths: mappingRequest, actions: map[string]action{
		"ListEventSourceMappings":  w.listMappings,
		"GetEventSourceMapping":    w.getMapping,
		"CreateEventSourceMapping": w.createMapping,
		"UpdateEventSourceMapping": w.updateMapping,
		"DeleteEventSourceMapping": w.deleteMapping,
		"ListTags":                 func(*request) (any, error) { return map[string]any{"Tags": map[string]string{}}, nil },
	}}
}

func mappingRequest(hr *http.Request) (string, url.Values) {
	params := hr.URL.Query()
	if strings.HasPrefix(hr.URL.Path, "/2017-03-31/tags/") {
		return "ListTags", params
	}
	id, ok := strings.CutPrefix(hr.URL.Path, mappingsPath)
	if !ok {
		return hr.Method + " " + hr.URL.Path, params
	}
	if id = strings.Trim(id, "/"); id == "" {
		return map[string]string{http.MethodGet: "ListEventSourceMappings", http.MethodPost: "CreateEventSourceMapping"}[hr.Method], params
	}
	params.Set("UUID", id)
	return map[string]string{http.MethodGet: "GetEventSourceMapping", http.MethodPut: "UpdateEventSourceMapping", http.MethodDelete: "DeleteEventSourceMapping"}[hr.Method], params
}

func (m *mapping) document() map[string]any {
	return map[string]any{"UUID": m.id, "EventSourceArn": m.stream, "FunctionArn": m.function, "State": m.state, "LastModified": seconds(m.changed), "BatchSize": 100, "StartingPosition": "LATEST"}
}

func (w *World) listMappings(r *request) (any, error) {
	all := []map[string]any{}
	for _, m := range sorted(r.seen.mappings) {
		if source := r.str("EventSourceArn"); source == "" || source == m.stream {
			all = append(all, m.document())
		}
	}
	items, next, err := pageFrom(r, r.str("Marker"), all, r.num("MaxItems", 0))
	out := map[string]any{"EventSourceMappings": items}
	if next != "" {
		out["NextMarker"] = next
	}
	return out, err
}

func theMapping(r *request, in *region) (*mapping, error) {
	if m := in.mappings[r.str("UUID")]; m != nil {
		return m, nil
	}
	return nil, &Failure{"ResourceNotFoundException", "The resource you requested does not exist.", http.StatusNotFound}
}

func (w *World) getMapping(r *request) (any, error) {
	m, err := theMapping(r, r.seen)
	if err != nil {
		return nil, err
	}
	return m.document(), nil
}

// become lets a mapping be in a state soon.
func (w *World) become(m *mapping, now, then string) {
	m.state, m.changed = now, w.clock.now
	w.after(w.timing.Mapping, func() {
		if m.state == now {
			m.state = then
		}
	})
}

type mappingIn struct {
	EventSourceArn, FunctionName string
	Enabled                      *bool
}

func (w *World) createMapping(r *request) (any, error) {
	var in mappingIn
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	function := in.FunctionName
	if !strings.HasPrefix(function, "arn:") {
		function = w.arn("lambda", r.live, "function:"+function)
	}
	m := &mapping{id: w.uuid("mapping"), stream: in.EventSourceArn, function: function}
	r.live.mappings[m.id] = m
	if in.Enabled != nil && !*in.Enabled {
		w.become(m, "Creating", "Disabled")
	} else {
		w.become(m, "Creating", "Enabled")
	}
	return m.document(), nil
}

func (w *World) updateMapping(r *request) (any, error) {
	var in mappingIn
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	m, err := theMapping(r, r.live)
	if err != nil {
		return nil, err
	}
	switch {
	case in.Enabled == nil:
	case *in.Enabled && m.state != "Enabled":
		w.become(m, "Enabling", "Enabled")
	case !*in.Enabled && m.state != "Disabled":
		w.become(m, "Disabling", "Disabled")
	}
	return m.document(), nil
}

func (w *World) deleteMapping(r *request) (any, error) {
	m, err := theMapping(r, r.live)
	if err != nil {
		return nil, err
	}
	m.state, m.changed = "Deleting", w.clock.now
	w.after(w.timing.Mapping, func() { delete(r.live.mappings, m.id) })
	return m.document(), nil
}

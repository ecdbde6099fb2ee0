package awssim

import (
	"net/http"
	"net/url"
	"strings"
)

// pipes can be listed; the console makes them.
func (w *World) pipes() service {
	return service{json: "rest", paths: pipesRequest, actions: map[string]action{
		"ListPipes": func(r *request) (any, error) {
			all := []map[string]any{}
			for _, p := range sorted(r.seen.pipes) {
				if strings.HasPrefix(p.source, r.str("SourcePrefix")) {
					all = append(all, map[string]any{"Name": p.name, "Arn": w.arn("pipes", r.seen, "pipe/"+p.name), "Source": p.source, "Target": p.target, "CurrentState": p.state, "DesiredState": p.desired})
				}
			}
			items, next, err := pageFrom(r, r.str("NextToken"), all, r.num("Limit", 0))
			out := map[string]any{"Pipes": items}
			if next != "" {
				out["NextToken"] = next
			}
			return out, err
		},
	}}
}

func pipesRequest(hr *http.Request) (string, url.Values) {
	if hr.Method == http.MethodGet && hr.URL.Path == "/v1/pipes" {
		return "ListPipes", hr.URL.Query()
	}
	return hr.Method + " " + hr.URL.Path, hr.URL.Query()
}

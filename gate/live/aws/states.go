package aws

import (
	_ "embed"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-gate/holdfast/gate"
)

//go:embed states.yaml
var statesYAML []byte

// A meaning is what one value of one field says about a member or a group. The
// zero value is not known and does not serve.
type meaning struct {
	phase   gate.Phase
	serving gate.Serving
}

// unlisted is what a value means that nobody has classed: it is treated as
// moving and as not serving, for a state AWS adds must not count as good.
func unlisted() meaning { return meaning{gate.PhaseUnknown, gate.ServingNo} }

// states is the meaning of every classed value, by field and by the value in
// lower case.
type states map[string]map[string]meaning

// classify looks a value up, as a whole and never by a part of it: Redshift
// has "available, resize-cleanup".
func (s states) classify(field, value string) meaning {
	if m, ok := s[field][fold(value)]; ok {
		return m
	}
	return unlisted()
}

func fold(value string) string { return strings.ToLower(strings.TrimSpace(value)) }

func parseStates(b []byte) (states, error) {
	var raw map[string]map[string]string
	if err := yaml.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("states.yaml: %w", err)
	}
	out := states{}
	for field, values := range raw {
		out[field] = map[string]meaning{}
		for value, class := range values {
			m, err := parseMeaning(class)
			if err != nil {
				return nil, fmt.Errorf("states.yaml: %s: %s: %w", field, value, err)
			}
			out[field][fold(value)] = m
		}
	}
	return out, nil
}

// parseMeaning reads "CLASS" or "CLASS,serving"; serving defaults to no.
func parseMeaning(s string) (meaning, error) {
	class, serving, said := strings.Cut(s, ",")
	m := meaning{serving: gate.ServingNo}
	switch class {
	case "STEADY":
		m.phase = gate.Steady
	case "TRANSITIONAL_UP":
		m.phase = gate.Arriving
	case "TRANSITIONAL_DOWN":
		m.phase = gate.Leaving
	case "TRANSITIONAL_CHURN":
		m.phase = gate.Changing
	case "FAILED":
		m.phase = gate.Failed
	case "GONE":
		m.phase = gate.Gone
	case "UNKNOWN":
		m.phase = gate.PhaseUnknown
	default:
		return m, fmt.Errorf("no class %q", class)
	}
	if said {
		if err := m.serving.UnmarshalText([]byte(serving)); err != nil {
			return m, err
		}
	}
	return m, nil
}
